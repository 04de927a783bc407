import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { parseTime } from '../../../api/index.ts';
import { isActive, isReady, readySince } from '../common/pods.ts';

/** Annotation on a pod: of two, the one with the lower number goes first. */
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

const phases: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The pods in the order in which a ReplicaSet gives them up, as Kubernetes does: not scheduled, pending, not ready,
 * cheaper, on a node with more replicas of it, ready for a shorter time, restarted more often, younger. Times are
 * compared by their order of magnitude, so that which of two old pods goes is not decided by seconds.
 */
export function inDeletionOrder(pods: readonly Pod[], related: readonly Pod[], now: number): Pod[] {
  const onNode = new Map<string, number>();
  for (const pod of related.filter(isActive)) {
    const node = pod.spec?.nodeName;
    if (node) onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  const ranks = new Map(pods.map((pod) => [pod, rank(pod, onNode, now)]));
  return [...pods].sort((a, b) => compare(ranks.get(a)!, ranks.get(b)!) || byName(a, b));
}

/** Lower goes first, at the first place where two ranks differ. */
function rank(pod: Pod, onNode: Map<string, number>, now: number): number[] {
  const since = readySince(pod);
  return [
    pod.spec?.nodeName ? 1 : 0,
    phases[pod.status?.phase ?? 'Pending'] ?? 1,
    isReady(pod) ? 1 : 0,
    deletionCost(pod),
    -(onNode.get(pod.spec?.nodeName ?? '') ?? 0),
    since === undefined ? 0 : magnitude(now - since),
    -restarts(pod),
    magnitude(now - (parseTime(pod.metadata?.creationTimestamp) ?? now)),
  ];
}

function compare(a: number[], b: number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Age in powers of two of nanoseconds, as Kubernetes rounds it. */
function magnitude(ageMs: number): number {
  return ageMs <= 0 ? 0 : Math.floor(Math.log2(ageMs * 1e6));
}

/** An annotation that is not a 32-bit integer counts as 0. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata?.annotations?.[DELETION_COST];
  const cost = text !== undefined && /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
  return Math.abs(cost) < 2 ** 31 ? cost : 0;
}

function restarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount ?? 0));
}

const byName = (a: Pod, b: Pod) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1);
