import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import {
  EXPERIMENT_TEMPLATE_ANNOTATION,
  POD_TEMPLATE_HASH_LABEL,
  type Rollout,
  SCALE_DOWN_DEADLINE_ANNOTATION,
} from '../../api/index.ts';
import { replicaSetIcon } from './icons.ts';
import { byCreation, byName, byRevisionDown, childMeta, inOrder, isOwnedBy, revisionOf } from './meta.ts';
import { podInfo } from './pod.ts';
import type { ReplicaSetInfo } from './types.ts';

/** The ReplicaSets of an owner with their pods, newest revision first (CLI §3.4, §3.5). */
export function replicaSetInfos(
  owner: { metadata: { uid?: string } },
  replicaSets: readonly ReplicaSet[],
  pods: readonly Pod[],
  rollout?: Rollout,
): ReplicaSetInfo[] {
  return replicaSets
    .filter((replicaSet) => isOwnedBy(replicaSet, owner.metadata.uid))
    .map((replicaSet) => replicaSetInfo(replicaSet, pods, rollout))
    .sort(inOrder<ReplicaSetInfo>(byRevisionDown, byName));
}

function replicaSetInfo(replicaSet: ReplicaSet, pods: readonly Pod[], rollout?: Rollout): ReplicaSetInfo {
  const status = healthOf(replicaSet);
  const { containers = [], initContainers = [] } = replicaSet.spec?.template?.spec ?? {};
  return {
    objectMeta: childMeta(replicaSet),
    status,
    icon: replicaSetIcon(status),
    revision: revisionOf(replicaSet),
    ...roles(replicaSet.metadata?.labels?.[POD_TEMPLATE_HASH_LABEL], rollout),
    replicas: replicaSet.status?.replicas ?? 0,
    available: replicaSet.status?.availableReplicas ?? 0,
    template: replicaSet.metadata?.annotations?.[EXPERIMENT_TEMPLATE_ANNOTATION] ?? '',
    scaleDownDeadline: replicaSet.metadata?.annotations?.[SCALE_DOWN_DEADLINE_ANNOTATION],
    images: containers.map((container) => container.image ?? ''),
    initContainerImages: initContainers.map((container) => container.image ?? ''),
    pods: pods
      .filter((pod) => isOwnedBy(pod, replicaSet.metadata?.uid))
      .map(podInfo)
      .sort(inOrder(byCreation, byName)),
  };
}

/** What a ReplicaSet with this hash is to the Rollout; nothing without a hash, or without a Rollout. */
function roles(hash: string | undefined, rollout: Rollout | undefined) {
  const { strategy } = rollout?.spec ?? {};
  const status = rollout?.status ?? {};
  const is = (other: string | undefined) => Boolean(hash) && hash === other;
  const stable = Boolean(strategy?.canary ?? strategy?.blueGreen) && is(status.stableRS);
  const canary = Boolean(strategy?.canary) && !stable && is(status.currentPodHash);
  const active = Boolean(strategy?.blueGreen) && is(status.blueGreen?.activeSelector);
  const preview = Boolean(strategy?.blueGreen) && !active && is(status.blueGreen?.previewSelector);
  const pingPong = Boolean(strategy?.canary?.pingPong) && (stable || canary);
  const ping = pingPong && stable === (status.canary?.stablePingPong === 'ping');
  return { stable, canary, active, preview, ping, pong: pingPong && !ping };
}

function healthOf({ metadata, spec, status }: ReplicaSet): string {
  if ((metadata?.generation ?? 0) > (status?.observedGeneration ?? 0)) return 'Progressing';
  const failure = status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  if (failure?.status === 'True') return 'ReplicaFailure';
  const wanted = spec?.replicas ?? 1;
  if ((status?.availableReplicas ?? 0) < wanted) return 'Progressing';
  return wanted === 0 ? 'ScaledDown' : 'Healthy';
}
