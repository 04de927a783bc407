import type { Node, NodeSelectorTerm, PodSpec, Taint, Toleration } from 'kubernetes-types/core/v1.d.ts';
import { meetsRequirement } from '../../../api/index.ts';

/** Which nodes suit a pod. */

/** On a node that is not ready, as Kubernetes' node lifecycle controller puts it there. */
export const NOT_READY: Readonly<Taint> = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
/** On a node that is no longer heard of. */
export const UNREACHABLE: Readonly<Taint> = { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' };
/** On a node that is cordoned. */
export const UNSCHEDULABLE: Readonly<Taint> = {
  key: 'node.kubernetes.io/unschedulable',
  effect: 'NoSchedule',
};

/** What a condition of a node says: `True`, `False` or `Unknown`; undefined: nothing. */
export const nodeCondition = ({ status }: Node, type: string): string | undefined =>
  status?.conditions?.find((condition) => condition.type === type)?.status;

export const isNodeReady = (node: Node): boolean => nodeCondition(node, 'Ready') === 'True';

/** Whether the pod's node selector and required node affinity allow the node. */
export function selectsNode(spec: PodSpec | undefined, node: Node): boolean {
  const labels = node.metadata?.labels ?? {};
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (
    Object.entries(spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value) &&
    (!required || matchesTerms(required.nodeSelectorTerms, node))
  );
}

/** Whether one of the terms holds; a term that asks for nothing never does. */
export const matchesTerms = (terms: readonly NodeSelectorTerm[] | undefined, node: Node): boolean =>
  (terms ?? []).some((term) => matchesTerm(term, node));

/** Whether all that a term asks for holds of the node's labels, and of its name, the only field there is. */
export function matchesTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  node: Node,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const fields: Record<string, string | undefined> = { 'metadata.name': node.metadata?.name };
  return (
    matchExpressions.every((each) => holds(each, node.metadata?.labels?.[each.key])) &&
    matchFields.every((each) => holds(each, fields[each.key]))
  );
}

/** What selectors of labels know, and the comparisons that only those of nodes do. */
function holds(requirement: { operator: string; values?: string[] }, value: string | undefined): boolean {
  const bound = requirement.values?.[0];
  switch (requirement.operator) {
    case 'Gt':
      return isInteger(value) && isInteger(bound) && BigInt(value) > BigInt(bound);
    case 'Lt':
      return isInteger(value) && isInteger(bound) && BigInt(value) < BigInt(bound);
    default:
      return meetsRequirement(requirement, value);
  }
}

const isInteger = (text: string | undefined): text is string => text !== undefined && /^-?\d+$/.test(text);

/** Whether a taint keeps away pods with these tolerations. */
export function isRepelled(tolerations: readonly Toleration[], taint: Taint): boolean {
  return taint.effect !== 'PreferNoSchedule' && !isTolerated(tolerations, taint);
}

export const isTolerated = (tolerations: readonly Toleration[], taint: Taint): boolean =>
  tolerationOf(tolerations, taint) !== undefined;

/** The first of the tolerations that is for the taint. */
export function tolerationOf(tolerations: readonly Toleration[], taint: Taint): Toleration | undefined {
  return tolerations.find(
    ({ key, operator = 'Equal', value = '', effect }) =>
      (!effect || effect === taint.effect) &&
      (key === taint.key || (!key && operator === 'Exists')) &&
      (operator === 'Exists' || value === (taint.value ?? '')),
  );
}
