import type { Node, Pod, PodAffinityTerm, TopologySpreadConstraint } from 'kubernetes-types/core/v1.d.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import { matchesSelector } from '../../../api/index.ts';
import { selectsNode } from '../common/nodes.ts';

/** Rules on which pods may be near which: inter-pod affinity, anti-affinity and topology spread. */

export interface Surroundings {
  nodes: readonly Node[];
  /** Pods on a node that have not ended. */
  podsOn(node: string): readonly Pod[];
  /** Of all of them those that want others kept away. */
  exclusivePods(): readonly Pod[];
  /** For terms that choose namespaces by label. */
  namespaceLabels(name: string): Record<string, string> | undefined;
}

const AFFINITY = "node(s) didn't match pod affinity rules";
const ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules";
const OTHERS_ANTI_AFFINITY = "node(s) didn't satisfy existing pods anti-affinity rules";
const SPREAD = "node(s) didn't match pod topology spread constraints";

const domainOf = (node: Node, key: string): string | undefined => node.metadata?.labels?.[key];

/** Whether a pod wants others kept away from where it is. */
export const isExclusive = ({ spec }: Pod): boolean =>
  (spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.length ?? 0) > 0;

/** What of the pod's neighbours speaks against a node; undefined: nothing. */
export function neighbourObstacle(pod: Pod, node: Node, around: Surroundings): string | undefined {
  return spreadObstacle(pod, node, around) ?? affinityObstacle(pod, node, around);
}

function affinityObstacle(pod: Pod, node: Node, around: Surroundings): string | undefined {
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  for (const term of podAffinity?.[required] ?? []) {
    const all = around.nodes.flatMap(({ metadata }) => around.podsOn(metadata?.name ?? ''));
    const matches = (other: Pod) => isMeant(term, pod, other, around);
    const near = podsNear(node, term.topologyKey, around);
    // The first of pods that want to be together has nobody to join.
    const isFirst = !all.some(matches) && matches(pod) && domainOf(node, term.topologyKey) !== undefined;
    if (!isFirst && !near.some(matches)) return AFFINITY;
  }
  for (const term of podAntiAffinity?.[required] ?? []) {
    if (podsNear(node, term.topologyKey, around).some((other) => isMeant(term, pod, other, around))) {
      return ANTI_AFFINITY;
    }
  }
  for (const other of around.exclusivePods()) {
    const there = around.nodes.find(({ metadata }) => metadata?.name === other.spec?.nodeName);
    for (const term of other.spec?.affinity?.podAntiAffinity?.[required] ?? []) {
      const domain = there && domainOf(there, term.topologyKey);
      if (domain === undefined || domain !== domainOf(node, term.topologyKey)) continue;
      if (isMeant(term, other, pod, around)) return OTHERS_ANTI_AFFINITY;
    }
  }
  return undefined;
}

/** Whether the term of one pod speaks of another. */
export function isMeant(term: PodAffinityTerm, of: Pod, other: Pod, around: Surroundings): boolean {
  if (!matchesSelector(term.labelSelector, other.metadata?.labels)) return false;
  const namespace = other.metadata?.namespace ?? '';
  const { namespaces = [], namespaceSelector } = term;
  if (namespaces.length === 0 && !namespaceSelector) return namespace === of.metadata?.namespace;
  return (
    namespaces.includes(namespace) ||
    (namespaceSelector !== undefined &&
      matchesSelector(namespaceSelector, around.namespaceLabels(namespace) ?? {}))
  );
}

/** The pods in the same domain as a node. */
export function podsNear(node: Node, topologyKey: string, { nodes, podsOn }: Surroundings): readonly Pod[] {
  const domain = domainOf(node, topologyKey);
  if (domain === undefined) return [];
  return nodes
    .filter((each) => domainOf(each, topologyKey) === domain)
    .flatMap(({ metadata }) => podsOn(metadata?.name ?? ''));
}

function spreadObstacle(pod: Pod, node: Node, around: Surroundings): string | undefined {
  for (const constraint of pod.spec?.topologySpreadConstraints ?? []) {
    const { topologyKey, maxSkew, whenUnsatisfiable, minDomains = 1 } = constraint;
    if (whenUnsatisfiable !== 'DoNotSchedule') continue;
    const domain = domainOf(node, topologyKey);
    if (domain === undefined) return `${SPREAD} (missing required label)`;
    const counts = spreadOver(constraint, pod, around);
    const least = counts.size < minDomains ? 0 : Math.min(...counts.values());
    const self = matchesSelector(selectorOf(constraint, pod), pod.metadata?.labels) ? 1 : 0;
    if ((counts.get(domain) ?? 0) + self - least > maxSkew) return SPREAD;
  }
  return undefined;
}

/** How many pods of its kind there are in each domain that the pod could be in. */
export function spreadOver(
  constraint: TopologySpreadConstraint,
  pod: Pod,
  { nodes, podsOn }: Surroundings,
): ReadonlyMap<string, number> {
  const selector = selectorOf(constraint, pod);
  const counts = new Map<string, number>();
  for (const each of nodes) {
    const name = domainOf(each, constraint.topologyKey);
    if (name === undefined || !selectsNode(pod.spec, each)) continue;
    const matching = podsOn(each.metadata?.name ?? '').filter(
      (other) =>
        other.metadata?.namespace === pod.metadata?.namespace &&
        !other.metadata?.deletionTimestamp &&
        matchesSelector(selector, other.metadata?.labels),
    );
    counts.set(name, (counts.get(name) ?? 0) + matching.length);
  }
  return counts;
}

/** The labels named by `matchLabelKeys` have to be as on the pod: those of one revision, say. */
function selectorOf(
  { labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint,
  { metadata }: Pod,
): LabelSelector | undefined {
  const own = matchLabelKeys.flatMap((key) => {
    const value = metadata?.labels?.[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  if (!labelSelector || own.length === 0) return labelSelector;
  return { ...labelSelector, matchLabels: { ...labelSelector.matchLabels, ...Object.fromEntries(own) } };
}
