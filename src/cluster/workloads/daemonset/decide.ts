import type { ControllerRevision, DaemonSet, DaemonSetStatus } from 'kubernetes-types/apps/v1.d.ts';
import type { Node, Pod, Toleration } from 'kubernetes-types/core/v1.d.ts';
import {
  controllerReference,
  DaemonSets,
  type Decision,
  type Effect,
  type EventRecord,
  type Instant,
  Pods,
  parseTime,
} from '../../../api/index.ts';
import { claim } from '../common/claim.ts';
import { countOf } from '../common/counts.ts';
import { generatedName } from '../common/naming.ts';
import { isNodeReady, isRepelled, selectsNode } from '../common/nodes.ts';
import { availableAt, isFinished, isReady, isTerminating, podOf } from '../common/pods.ts';
import { podCreated, podCreation, podDeleted, podDeletion } from '../common/podwrites.ts';
import { expiredRevisions, REVISION_LABEL, revisionOfPod, updateRevision } from '../common/revisions.ts';

export interface DaemonSetView {
  set: DaemonSet;
  /** The pods that it owns, and those in its namespace that it could adopt. */
  pods: readonly Pod[];
  /** The ControllerRevisions that it owns. */
  revisions: readonly ControllerRevision[];
  nodes: readonly Node[];
}

/** Troubles of a node that its daemons stay for. */
const TOLERATIONS: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];

/** A node and the pods of the set that are there. */
interface Place {
  node: Node;
  pods: Pod[];
  /** It should have a pod. */
  wanted: boolean;
  /** A pod that is there may stay. */
  kept: boolean;
}

interface Step {
  effects: Effect[];
  events: EventRecord[];
}

/** One pod on each node that suits; an update deletes old pods, no more than may be missing at once. */
export function decideDaemonSet(view: DaemonSetView, now: Instant): Decision<DaemonSetStatus> {
  const { set } = view;
  const { owned, effects } = claim(
    { type: DaemonSets, object: set, selector: set.spec?.selector },
    Pods,
    view.pods,
  );
  const revision = updateRevision(DaemonSets, set, view.revisions);
  const hash = revision.name.slice(`${set.metadata?.name}-`.length);
  const places = view.nodes.map((node) => placeOf(set, node, owned));
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const isAvailable = (pod: Pod) => (availableAt(pod, minReadySeconds) ?? Number.POSITIVE_INFINITY) <= now;
  const step: Step = { effects: [...effects, ...revision.effects], events: [] };
  if (set.metadata?.deletionTimestamp) step.effects = [];
  else if (step.effects.length === 0) {
    for (const place of places) manage(set, place, hash, step, now);
    if (step.effects.length === 0) update(set, places, hash, isAvailable, step);
    if (step.effects.length === 0) {
      const prefix = set.metadata?.name;
      const used = new Set([revision.name, ...owned.map((pod) => `${prefix}-${revisionOfPod(pod)}`)]);
      step.effects = expiredRevisions(set, view.revisions, used);
    }
  }
  const status = statusOf(set, places, hash, isAvailable);
  const soon = owned.map((pod) => availableAt(pod, minReadySeconds) ?? 0).filter((at) => at > now);
  const text = `${status.currentNumberScheduled} of ${status.desiredNumberScheduled} nodes have a pod`;
  return {
    status,
    ...step,
    because: [{ code: step.effects.length > 0 ? 'Acting' : 'Settled', text }],
    ...(soon.length > 0 && { wakeAt: Math.min(...soon) }),
  };
}

function placeOf({ spec }: DaemonSet, node: Node, owned: readonly Pod[]): Place {
  const template = spec?.template.spec;
  const tolerations = [...TOLERATIONS, ...(template?.tolerations ?? [])];
  const repelling = (node.spec?.taints ?? []).filter((taint) => isRepelled(tolerations, taint));
  const selected = selectsNode(template, node);
  return {
    node,
    pods: owned.filter((pod) => pod.spec?.nodeName === node.metadata?.name).sort(byAge),
    wanted: selected && repelling.length === 0,
    kept: selected && repelling.every(({ effect }) => effect !== 'NoExecute'),
  };
}

const byAge = (a: Pod, b: Pod) =>
  (parseTime(a.metadata?.creationTimestamp) ?? 0) - (parseTime(b.metadata?.creationTimestamp) ?? 0) ||
  ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1);

/** Brings a node to one pod, or none. */
function manage(set: DaemonSet, { node, pods, wanted, kept }: Place, hash: string, step: Step, now: Instant) {
  const name = node.metadata?.name ?? '';
  // A pod that is leaving keeps its place until it is gone.
  if (pods.length === 0 && wanted && isNodeReady(node)) {
    const pod = buildPod(set, name, hash, now);
    step.effects.push(podCreation(pod));
    step.events.push(podCreated(pod));
  }
  const staying = pods.filter((pod) => !isTerminating(pod));
  const ended = staying.filter(isFinished);
  for (const pod of ended) {
    const failed = pod.status?.phase === 'Failed';
    const what = `Found ${failed ? 'failed' : 'succeeded'} daemon pod`;
    const message = `${what} ${set.metadata?.namespace}/${pod.metadata?.name} on node ${name}, will try to ${failed ? 'kill' : 'delete'} it`;
    const reason = failed ? 'FailedDaemonPod' : 'SucceededDaemonPod';
    step.events.push({ type: failed ? 'Warning' : 'Normal', reason, message });
  }
  const running = staying.filter((pod) => !isFinished(pod));
  remove([...ended, ...(kept ? running.slice(1) : running)], step);
}

/** Deletes old pods: those that serve nobody at once, others as far as pods may be missing. */
function update(
  set: DaemonSet,
  places: readonly Place[],
  hash: string,
  isAvailable: (pod: Pod) => boolean,
  step: Step,
): void {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type === 'OnDelete') return;
  const wanted = places.filter((place) => place.wanted);
  const serves = (pod: Pod) => !isTerminating(pod) && isAvailable(pod);
  const allowed = Math.max(1, countOf(rollingUpdate?.maxUnavailable ?? 1, wanted.length, Math.ceil));
  const missing = wanted.filter(({ pods }) => !pods.some(serves)).length;
  const old = wanted.flatMap(({ pods }) =>
    pods.filter((pod) => !isTerminating(pod) && revisionOfPod(pod) !== hash),
  );
  const serving = old.filter(serves).slice(0, Math.max(0, allowed - missing));
  remove([...old.filter((pod) => !serves(pod)), ...serving], step);
}

function remove(pods: readonly Pod[], { effects, events }: Step): void {
  effects.push(...pods.map(podDeletion));
  events.push(...pods.map(podDeleted));
}

/** It is made for its node: the scheduler has nothing to choose. */
function buildPod(set: DaemonSet, nodeName: string, hash: string, now: Instant): Pod {
  const { name = '', namespace, uid } = set.metadata ?? {};
  const owner = controllerReference(DaemonSets, set);
  const pod = podOf(set.spec?.template, owner, namespace, generatedName(name, uid, now, nodeName));
  const given = pod.spec?.tolerations ?? [];
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, [REVISION_LABEL]: hash } },
    spec: { containers: [], ...pod.spec, nodeName, tolerations: [...given, ...TOLERATIONS] },
  };
}

function statusOf(
  set: DaemonSet,
  places: readonly Place[],
  hash: string,
  isAvailable: (pod: Pod) => boolean,
): DaemonSetStatus {
  const wanted = places.filter((place) => place.wanted);
  const count = (is: (pod: Pod) => boolean) => wanted.filter(({ pods }) => pods.some(is)).length;
  const available = count(isAvailable);
  const some = (number: number) => (number > 0 ? number : undefined);
  return {
    ...set.status,
    observedGeneration: set.metadata?.generation,
    desiredNumberScheduled: wanted.length,
    currentNumberScheduled: count(() => true),
    numberMisscheduled: places.filter((place) => !place.wanted && place.pods.length > 0).length,
    numberReady: count(isReady),
    updatedNumberScheduled: some(count((pod) => revisionOfPod(pod) === hash)),
    numberAvailable: some(available),
    numberUnavailable: some(wanted.length - available),
  };
}
