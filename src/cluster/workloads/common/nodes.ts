import type { Node, PodSpec, Taint, Toleration } from 'kubernetes-types/core/v1.d.ts';

/** Which nodes suit a pod. */

export const isNodeReady = ({ status }: Node): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

/** Whether the pod's node selector allows the node. */
export function selectsNode(spec: PodSpec | undefined, node: Node): boolean {
  const labels = node.metadata?.labels ?? {};
  return Object.entries(spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
}

/** Whether a taint keeps away pods with these tolerations. */
export function isRepelled(tolerations: readonly Toleration[], taint: Taint): boolean {
  if (taint.effect === 'PreferNoSchedule') return false;
  return !tolerations.some(
    ({ key, operator = 'Equal', value = '', effect }) =>
      (!effect || effect === taint.effect) &&
      (key === taint.key || (!key && operator === 'Exists')) &&
      (operator === 'Exists' || value === (taint.value ?? '')),
  );
}
