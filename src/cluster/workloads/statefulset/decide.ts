import type { ControllerRevision, StatefulSet, StatefulSetStatus } from 'kubernetes-types/apps/v1.d.ts';
import type { PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.d.ts';
import {
  type Decision,
  type Effect,
  type EventRecord,
  type Instant,
  PersistentVolumeClaims,
  Pods,
  StatefulSets,
} from '../../../api/index.ts';
import type { EffectError } from '../common/act.ts';
import { claim } from '../common/claim.ts';
import { countOf } from '../common/counts.ts';
import { availableAt, isFinished, isReady, isTerminating } from '../common/pods.ts';
import { podCreation, podDeletion } from '../common/podwrites.ts';
import { expiredRevisions, revisionOfPod, templateOf, updateRevision } from '../common/revisions.ts';
import { buildClaims, ownClaims } from './claims.ts';
import { buildPod, ordinalOf, podName } from './identity.ts';

export interface StatefulSetView {
  set: StatefulSet;
  /** The pods that it owns, and those in its namespace that it could adopt. */
  pods: readonly Pod[];
  /** The ControllerRevisions that it owns. */
  revisions: readonly ControllerRevision[];
  /** The PersistentVolumeClaim of the name. */
  claim(name: string): PersistentVolumeClaim | undefined;
}

interface State {
  set: StatefulSet;
  /** By ordinal. */
  pods: ReadonlyMap<number, Pod>;
  /** The first ordinal, and the one after the last. */
  range: { start: number; end: number };
  /** Names of the revisions before and after an update. */
  current: string;
  update: string;
  /** When a pod gets available; pods that are not ready have no such time. */
  isAvailable(pod: Pod): boolean;
}

interface Step {
  effects: Effect[];
  events: EventRecord[];
  code: string;
  text: string;
}

/** One step of a StatefulSet: its pods have stable names, and come, go and change in the order of their numbers. */
export function decideStatefulSet(view: StatefulSetView, now: Instant): Decision<StatefulSetStatus> {
  const { set } = view;
  const { owned, effects } = claim(
    { type: StatefulSets, object: set, selector: set.spec?.selector },
    Pods,
    view.pods.filter((pod) => ordinalOf(set, pod) !== undefined),
  );
  const revision = updateRevision(StatefulSets, set, view.revisions);
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const start = set.spec?.ordinals?.start ?? 0;
  const before = set.status?.currentRevision;
  const state: State = {
    set,
    pods: new Map(owned.map((pod) => [ordinalOf(set, pod) ?? 0, pod])),
    range: { start, end: start + (set.spec?.replicas ?? 1) },
    // An earlier template that is no longer kept cannot be gone back to.
    current:
      before && view.revisions.some(({ metadata }) => metadata?.name === before) ? before : revision.name,
    update: revision.name,
    isAvailable: (pod) => (availableAt(pod, minReadySeconds) ?? Number.POSITIVE_INFINITY) <= now,
  };
  const step = nextStep(view, state, [...effects, ...revision.effects]);
  const becomeAvailable = owned.map((pod) => availableAt(pod, minReadySeconds) ?? 0).filter((at) => at > now);
  const used = new Set([state.current, state.update, ...owned.map(revisionOfPod)]);
  const idle = step.effects.length === 0 && !set.metadata?.deletionTimestamp;
  return {
    status: statusOf(state),
    effects: idle ? expiredRevisions(set, view.revisions, used) : step.effects,
    events: step.events,
    because: [{ code: step.code, text: step.text }],
    ...(becomeAvailable.length > 0 && { wakeAt: Math.min(...becomeAvailable) }),
  };
}

function nextStep(view: StatefulSetView, state: State, before: Effect[]): Step {
  const step = (code: string, text: string, effects: Effect[] = [], events: EventRecord[] = []): Step => ({
    effects,
    events,
    code,
    text,
  });
  if (state.set.metadata?.deletionTimestamp) return step('Deleting', 'it is being deleted');
  // The next view shows whom it has got, and the revision that pods are made of.
  if (before.length > 0) return step('Preparing', 'pods are adopted and the template is kept', before);
  const owned = [...state.pods].flatMap(([ordinal, pod]) =>
    ownClaims(state.set, ordinal, pod, !isWanted(state, ordinal), view.claim),
  );
  if (owned.length > 0) return step('KeepingClaims', 'claims get the owners with whom they go', owned);
  const scaling = scale(view, state);
  if (scaling) return step(scaling.code, scaling.text, scaling.effects, scaling.events);
  return rollingUpdate(state) ?? step('Settled', 'nothing is to be done');
}

const isWanted = ({ range }: State, ordinal: number) => ordinal >= range.start && ordinal < range.end;

/** Makes what is missing and deletes what is too much; under OrderedReady one pod at a time. */
function scale(view: StatefulSetView, state: State): Step | undefined {
  const { set, pods, range, isAvailable } = state;
  const isOrdered = set.spec?.podManagementPolicy !== 'Parallel';
  const step: Step = { effects: [], events: [], code: 'Scaling', text: 'pods are made or deleted' };
  for (let ordinal = range.start; ordinal < range.end; ordinal++) {
    const pod = pods.get(ordinal);
    if (pod?.status?.phase === 'Pending') createClaims(view, ordinal, step);
    if (!pod) create(view, state, ordinal, step);
    else if (isFinished(pod) && !isTerminating(pod)) replace(set, pod, step);
    else if (isOrdered && (isTerminating(pod) || !isAvailable(pod))) return waitFor(pod, step);
    else continue;
    if (isOrdered) return step;
  }
  const condemned = [...pods]
    .filter(([ordinal]) => !isWanted(state, ordinal))
    .sort(([a], [b]) => b - a)
    .map(([, pod]) => pod);
  const lowestUnavailable = condemned.findLast((pod) => isTerminating(pod) || !isAvailable(pod));
  for (const pod of condemned) {
    if (isTerminating(pod)) {
      if (isOrdered) return waitFor(pod, step);
      continue;
    }
    // One that is not available goes only when it is the last of them; it may yet get well.
    if (isOrdered && !isAvailable(pod) && pod !== lowestUnavailable) return waitFor(pod, step);
    remove(set, pod, step);
    if (isOrdered) return step;
  }
  return step.effects.length > 0 ? step : undefined;
}

/** Deletes the pods with the highest numbers that are not of the present template, as far as pods may be missing. */
function rollingUpdate({ set, pods, range, update, isAvailable }: State): Step | undefined {
  if (set.spec?.updateStrategy?.type === 'OnDelete') return undefined;
  const step: Step = { effects: [], events: [], code: 'Updating', text: 'pods of old templates go' };
  const { partition = 0, maxUnavailable = 1 } = set.spec?.updateStrategy?.rollingUpdate ?? {};
  const size = range.end - range.start;
  const allowed = Math.max(1, countOf(maxUnavailable, size, Math.ceil));
  let missing = 0;
  for (let ordinal = range.end - 1; ordinal >= range.start + partition; ordinal--) {
    const pod = pods.get(ordinal);
    if (!pod) continue;
    const serves = !isTerminating(pod) && isAvailable(pod);
    if (!isTerminating(pod) && revisionOfPod(pod) !== update) remove(set, pod, step);
    else if (serves) continue;
    missing++;
    if (missing >= allowed) return step.effects.length > 0 ? step : waitFor(pod, step);
  }
  return step.effects.length > 0 ? step : undefined;
}

const waitFor = (pod: Pod, step: Step): Step => ({
  ...step,
  code: 'WaitingForPod',
  text: `pod ${pod.metadata?.name} is not available`,
});

/** Makes the claims of a pod that are not there. */
function createClaims({ set, claim: claimOf }: StatefulSetView, ordinal: number, step: Step): void {
  for (const wanted of buildClaims(set, ordinal)) {
    const claimName = wanted.metadata?.name ?? '';
    if (claimOf(claimName)) continue;
    const ref = { type: PersistentVolumeClaims, namespace: set.metadata?.namespace, name: claimName };
    step.effects.push({ kind: 'create', what: `create claim ${claimName}`, ref, object: wanted });
    const message = `create Claim ${claimName} Pod ${podName(set, ordinal)} in StatefulSet ${set.metadata?.name} success`;
    step.events.push({ type: 'Normal', reason: 'SuccessfulCreate', message });
  }
}

function create(view: StatefulSetView, state: State, ordinal: number, step: Step): void {
  const { set, revisions, claim: claimOf } = view;
  const name = podName(set, ordinal);
  const leaving = buildClaims(set, ordinal).find(
    ({ metadata }) => claimOf(metadata?.name ?? '')?.metadata?.deletionTimestamp,
  );
  if (leaving) {
    const message = `create Pod ${name} in StatefulSet ${set.metadata?.name} failed error: pvc ${leaving.metadata?.name} is being deleted`;
    step.events.push({ type: 'Warning', reason: 'FailedCreate', message });
    return;
  }
  createClaims(view, ordinal, step);
  // Below the partition the earlier template still holds.
  const { updateStrategy } = set.spec ?? {};
  const partition = updateStrategy?.type === 'OnDelete' ? 0 : (updateStrategy?.rollingUpdate?.partition ?? 0);
  const kept = revisions.find(({ metadata }) => metadata?.name === state.current);
  const isOld = ordinal < state.range.start + partition && kept !== undefined;
  const template = isOld ? templateOf(kept) : set.spec?.template;
  step.effects.push(podCreation(buildPod(set, ordinal, template, isOld ? state.current : state.update)));
  const message = `create Pod ${name} in StatefulSet ${set.metadata?.name} successful`;
  step.events.push({ type: 'Normal', reason: 'SuccessfulCreate', message });
}

/** A pod that has ended is deleted: the next pass makes it anew. */
function replace({ metadata }: StatefulSet, pod: Pod, { effects, events }: Step): void {
  const failed = pod.status?.phase === 'Failed';
  effects.push(podDeletion(pod));
  events.push({
    type: failed ? 'Warning' : 'Normal',
    reason: failed ? 'RecreatingFailedPod' : 'RecreatingTerminatedPod',
    message: `StatefulSet ${metadata?.namespace}/${metadata?.name} is recreating ${failed ? 'failed' : 'terminated'} Pod ${pod.metadata?.name}`,
  });
}

function remove({ metadata }: StatefulSet, pod: Pod, { effects, events }: Step): void {
  effects.push(podDeletion(pod));
  const message = `delete Pod ${pod.metadata?.name} in StatefulSet ${metadata?.name} successful`;
  events.push({ type: 'Normal', reason: 'SuccessfulDelete', message });
}

function statusOf({ set, pods, range, current, update, isAvailable }: State): StatefulSetStatus {
  const all = [...pods.values()];
  const count = (is: (pod: Pod) => boolean) => all.filter(is).length;
  const staying = (revision: string) => (pod: Pod) => !isTerminating(pod) && revisionOfPod(pod) === revision;
  const updated = count(staying(update));
  const wanted = range.end - range.start;
  const available = count(isAvailable);
  const isUpdated =
    set.spec?.updateStrategy?.type !== 'OnDelete' &&
    [all.length, updated, count(isReady), available].every((number) => number === wanted);
  const some = (number: number) => (number > 0 ? number : undefined);
  return {
    ...set.status,
    observedGeneration: set.metadata?.generation,
    replicas: all.length,
    readyReplicas: some(count(isReady)),
    availableReplicas: available,
    currentReplicas: some(isUpdated ? updated : count(staying(current))),
    updatedReplicas: some(updated),
    currentRevision: isUpdated ? update : current,
    updateRevision: update,
    collisionCount: set.status?.collisionCount ?? 0,
  };
}

/** What is left to say when a pod or a claim could not be made or deleted. */
export function decideStatefulSetFailure(
  { set }: StatefulSetView,
  { effect, cause }: EffectError,
): Decision<never> {
  const verb = effect.kind === 'create' || effect.kind === 'delete' ? effect.kind : 'update';
  const what = effect.ref.type === PersistentVolumeClaims ? 'Claim' : effect.ref.type.kind;
  const text = cause instanceof Error ? cause.message : String(cause);
  const message = `${verb} ${what} ${effect.ref.name} in StatefulSet ${set.metadata?.name} failed error: ${text}`;
  const reason = { create: 'FailedCreate', delete: 'FailedDelete', update: 'FailedUpdate' }[verb];
  return { effects: [], events: [{ type: 'Warning', reason, message }], because: [{ code: reason, text }] };
}
