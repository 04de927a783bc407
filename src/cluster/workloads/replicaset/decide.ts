import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import {
  controllerReference,
  type Decision,
  type Effect,
  type EventRecord,
  formatTime,
  type Instant,
  matchesLabels,
  Pods,
  ReplicaSets,
} from '../../../api/index.ts';
import { claim } from '../common/claim.ts';
import { generatedName } from '../common/naming.ts';
import { availableAt, isActive, isReady, podOf } from '../common/pods.ts';
import { podCreated, podCreation, podDeleted, podDeletion } from '../common/podwrites.ts';
import { inDeletionOrder } from './order.ts';

export interface ReplicaSetView {
  replicaSet: ReplicaSet;
  /** The pods that it owns, and those in its namespace that no controller owns. */
  pods: readonly Pod[];
  /** Pods of ReplicaSets with the same owner, its own among them; they say how full nodes are. */
  related: readonly Pod[];
}

/** Pods made or deleted in one pass. */
const BURST = 500;

/** Keeps as many pods as the ReplicaSet says, and counts them. */
export function decideReplicaSet(view: ReplicaSetView, now: Instant): Decision<ReplicaSetStatus> {
  const { replicaSet } = view;
  const { owned, effects } = claim(
    { type: ReplicaSets, object: replicaSet, selector: replicaSet.spec?.selector },
    Pods,
    view.pods,
  );
  const active = owned.filter(isActive);
  const events: EventRecord[] = [];
  const missing = replicaSet.metadata?.deletionTimestamp
    ? 0
    : (replicaSet.spec?.replicas ?? 1) - active.length;
  if (effects.length > 0) {
    // The next view shows whom it has got.
  } else if (missing > 0) {
    for (let i = 0; i < Math.min(missing, BURST); i++) {
      const pod = newPod(replicaSet, now, i);
      effects.push(podCreation(pod));
      events.push(podCreated(pod));
    }
  } else if (missing < 0) {
    for (const pod of inDeletionOrder(active, view.related, now).slice(0, Math.min(-missing, BURST))) {
      effects.push(podDeletion(pod));
      events.push(podDeleted(pod));
    }
  }

  const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0;
  const wakeAt = Math.min(
    ...active.flatMap((pod) => {
      const at = availableAt(pod, minReadySeconds);
      return at !== undefined && at > now ? [at] : [];
    }),
  );
  return {
    status: statusOf(replicaSet, active, now),
    effects,
    events,
    because: [
      {
        code: missing === 0 ? 'EnoughPods' : missing > 0 ? 'TooFewPods' : 'TooManyPods',
        text: `${active.length} of ${replicaSet.spec?.replicas ?? 1} pods are there`,
      },
    ],
    ...(Number.isFinite(wakeAt) && { wakeAt }),
  };
}

/** What is left to say when pods could not be made or deleted. */
export function decideReplicaSetFailure(
  view: ReplicaSetView,
  failure: { effect: Effect; message: string },
  now: Instant,
): Decision<ReplicaSetStatus> {
  const { status } = decideReplicaSet(view, now);
  const reason = failure.effect.kind === 'delete' ? 'FailedDelete' : 'FailedCreate';
  const verb = failure.effect.kind === 'delete' ? 'deleting' : 'creating';
  return {
    status: {
      ...status,
      replicas: status?.replicas ?? 0,
      conditions: withFailure(view.replicaSet.status?.conditions, reason, failure.message, now),
    },
    effects: [],
    events: [{ type: 'Warning', reason, message: `Error ${verb}: ${failure.message}` }],
    because: [{ code: reason, text: failure.message }],
  };
}

function statusOf(replicaSet: ReplicaSet, active: readonly Pod[], now: Instant): ReplicaSetStatus {
  const { metadata, spec, status } = replicaSet;
  const labels = spec?.template?.metadata?.labels ?? {};
  const minReadySeconds = spec?.minReadySeconds ?? 0;
  const count = (is: (pod: Pod) => boolean) => active.filter(is).length || undefined;
  const kept = status?.conditions?.filter((condition) => condition.type !== 'ReplicaFailure');
  return {
    replicas: active.length,
    fullyLabeledReplicas: count(
      (pod) => Object.keys(labels).length === 0 || matchesLabels(labels, pod.metadata?.labels),
    ),
    readyReplicas: count(isReady),
    availableReplicas: count((pod) => (availableAt(pod, minReadySeconds) ?? Number.POSITIVE_INFINITY) <= now),
    observedGeneration: metadata?.generation,
    conditions: kept && kept.length > 0 ? kept : undefined,
  };
}

function withFailure(
  conditions: readonly ReplicaSetCondition[] | undefined,
  reason: string,
  message: string,
  now: Instant,
): ReplicaSetCondition[] {
  const others = (conditions ?? []).filter((condition) => condition.type !== 'ReplicaFailure');
  const before = conditions?.find((condition) => condition.type === 'ReplicaFailure');
  const lastTransitionTime = before?.lastTransitionTime ?? formatTime(now);
  return [...others, { type: 'ReplicaFailure', status: 'True', reason, message, lastTransitionTime }];
}

function newPod(replicaSet: ReplicaSet, now: Instant, index: number): Pod {
  const { name = '', namespace, uid } = replicaSet.metadata ?? {};
  const owner = controllerReference(ReplicaSets, replicaSet);
  return podOf(replicaSet.spec?.template, owner, namespace, generatedName(name, uid, now, index));
}
