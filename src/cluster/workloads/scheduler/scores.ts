import type { Node, Pod, PodAffinityTerm, Taint } from 'kubernetes-types/core/v1.d.ts';
import { isTolerated, matchesTerm } from '../common/nodes.ts';
import { isMeant, podsNear, type Surroundings, spreadOver } from './neighbours.ts';

/** How much a pod would like nodes that all will do. */

/** What it likes is named once for all nodes: only in comparison do numbers mean something. */
interface Score {
  /** Its share in the whole, as in Kubernetes' default profile. */
  weight: number;
  /** Higher is better; undefined: a node of which nothing can be said, and which comes last. */
  of(node: Node): number | undefined;
}

/** The points of each node, from 0 to 100 for each score and times its weight; the same order as the nodes. */
export function scoresOf(pod: Pod, nodes: readonly Node[], around: Surroundings): number[] {
  const scores: Score[] = [
    { weight: 3, of: (node) => -dislikedTaints(pod, node).length },
    { weight: 2, of: (node) => preferredNode(pod, node) },
    { weight: 2, of: (node) => preferredCompany(pod, node, around) },
    ...spreadScores(pod, around),
    { weight: 1, of: (node) => -around.podsOn(node.metadata?.name ?? '').length },
  ];
  const total = nodes.map(() => 0);
  for (const { weight, of } of scores) {
    const raw = nodes.map(of);
    const known = raw.filter((value) => value !== undefined);
    const [least, most] = [Math.min(...known), Math.max(...known)];
    for (const [i, value] of raw.entries()) {
      if (value === undefined) continue;
      // Where all are alike none is better.
      total[i]! += weight * (most === least ? 100 : (100 * (value - least)) / (most - least));
    }
  }
  return total;
}

const dislikedTaints = ({ spec }: Pod, node: Node): Taint[] =>
  (node.spec?.taints ?? []).filter(
    (taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(spec?.tolerations ?? [], taint),
  );

function preferredNode({ spec }: Pod, node: Node): number {
  const terms = spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms
    .filter(({ preference }) => matchesTerm(preference, node))
    .reduce((sum, { weight }) => sum + weight, 0);
}

/** The pods near a node that the pod wants to be with, less those that it wants to be apart from. */
function preferredCompany(pod: Pod, node: Node, around: Surroundings): number {
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  const near = (term: PodAffinityTerm) =>
    podsNear(node, term.topologyKey, around).filter((other) => isMeant(term, pod, other, around)).length;
  const sum = (terms: readonly { weight: number; podAffinityTerm: PodAffinityTerm }[] | undefined) =>
    (terms ?? []).reduce((points, { weight, podAffinityTerm }) => points + weight * near(podAffinityTerm), 0);
  return sum(podAffinity?.[preferred]) - sum(podAntiAffinity?.[preferred]);
}

/** Fewer of its kind in a node's domain are better, for each constraint that may be broken. */
function spreadScores(pod: Pod, around: Surroundings): Score[] {
  const constraints = pod.spec?.topologySpreadConstraints ?? [];
  return constraints
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway')
    .map((constraint) => {
      const counts = spreadOver(constraint, pod, around);
      return {
        weight: 2,
        of({ metadata }) {
          const count = counts.get(metadata?.labels?.[constraint.topologyKey] ?? '');
          return count === undefined ? undefined : -count;
        },
      };
    });
}
