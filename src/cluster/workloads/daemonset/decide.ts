import type { ControllerRevision, DaemonSet, DaemonSetStatus } from 'kubernetes-types/apps/v1.d.ts';
import type { Node, Pod, PodSpec, Toleration } from 'kubernetes-types/core/v1.d.ts';
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
/** Those that share the network of the node are often what sets up its network. */
const HOST_NETWORK_TOLERATIONS: readonly Toleration[] = [
  ...TOLERATIONS,
  { key: 'node.kubernetes.io/network-unavailable', operator: 'Exists', effect: 'NoSchedule' },
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
    for (const place of places) manage(set, place, hash, isAvailable, step, now);
    if (step.effects.length === 0) update(set, places, hash, isAvailable, step, now);
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
  const tolerations = tolerationsOf(template);
  const repelling = (node.spec?.taints ?? []).filter((taint) => isRepelled(tolerations, taint));
  const selected = selectsNode(template, node);
  return {
    node,
    pods: owned.filter((pod) => nodeOf(pod) === node.metadata?.name).sort(byAge),
    wanted: selected && repelling.length === 0,
    kept: selected && repelling.every(({ effect }) => effect !== 'NoExecute'),
  };
}

/** What the template tolerates and what every daemon does, for good: a time limit of the template's own is lifted. */
function tolerationsOf(spec: PodSpec | undefined): Toleration[] {
  const always = spec?.hostNetwork ? HOST_NETWORK_TOLERATIONS : TOLERATIONS;
  const isAlways = ({ key, operator, effect, value }: Toleration) =>
    !value && always.some((each) => each.key === key && each.operator === operator && each.effect === effect);
  return [...(spec?.tolerations ?? []).filter((given) => !isAlways(given)), ...always];
}

/** Where it is, or is meant to be. */
function nodeOf({ spec }: Pod): string | undefined {
  if (spec?.nodeName) return spec.nodeName;
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const [term] = required?.nodeSelectorTerms ?? [];
  return term?.matchFields?.find(({ key }) => key === 'metadata.name')?.values?.[0];
}

const byAge = (a: Pod, b: Pod) =>
  (parseTime(a.metadata?.creationTimestamp) ?? 0) - (parseTime(b.metadata?.creationTimestamp) ?? 0) ||
  ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1);

/** Brings a node to one pod, or none; two while a new one gets ready beside the old. */
function manage(
  set: DaemonSet,
  { node, pods, wanted, kept }: Place,
  hash: string,
  isAvailable: (pod: Pod) => boolean,
  step: Step,
  now: Instant,
): void {
  const name = node.metadata?.name ?? '';
  // A pod that is leaving keeps its place until it is gone.
  if (pods.length === 0 && wanted && isNodeReady(node)) create(set, name, hash, step, now);
  const staying = pods.filter((pod) => !isTerminating(pod));
  const ended = staying.filter(isFinished);
  for (const pod of ended) step.events.push(endedEvent(set, pod, name));
  const running = staying.filter((pod) => !isFinished(pod));
  const staysOn = new Set(kept ? toKeep(set, running, hash, isAvailable) : []);
  remove([...ended, ...running.filter((pod) => !staysOn.has(pod))], step);
}

/** Of the pods on a node the oldest; with a surge the new one, and the old one until that is available. */
function toKeep(
  set: DaemonSet,
  running: readonly Pod[],
  hash: string,
  isAvailable: (pod: Pod) => boolean,
): Pod[] {
  const fresh = running.find((pod) => revisionOfPod(pod) === hash);
  const old = running.find((pod) => revisionOfPod(pod) !== hash);
  if (surgeOf(set, 1) === 0 || !fresh || !old) return running.slice(0, 1);
  return isAvailable(fresh) ? [fresh] : [fresh, old];
}

function endedEvent({ metadata }: DaemonSet, pod: Pod, node: string): EventRecord {
  const failed = pod.status?.phase === 'Failed';
  const [type, reason, what, verb] = failed
    ? (['Warning', 'FailedDaemonPod', 'failed', 'kill'] as const)
    : (['Normal', 'SucceededDaemonPod', 'succeeded', 'delete'] as const);
  const message = `Found ${what} daemon pod ${metadata?.namespace}/${pod.metadata?.name} on node ${node}, will try to ${verb} it`;
  return { type, reason, message };
}

/** How many nodes may have a new pod beside the old one. */
function surgeOf({ spec }: DaemonSet, nodes: number): number {
  if (spec?.updateStrategy?.type === 'OnDelete') return 0;
  return countOf(spec?.updateStrategy?.rollingUpdate?.maxSurge ?? 0, nodes, Math.ceil);
}

/** Brings pods of old templates to the present one. */
function update(
  set: DaemonSet,
  places: readonly Place[],
  hash: string,
  isAvailable: (pod: Pod) => boolean,
  step: Step,
  now: Instant,
): void {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type === 'OnDelete') return;
  const wanted = places.filter((place) => place.wanted);
  const serves = (pod: Pod) => !isTerminating(pod) && isAvailable(pod);
  const surge = surgeOf(set, wanted.length);
  if (surge > 0) {
    const doubled = wanted.filter(({ pods }) => pods.length > 1).length;
    const old = wanted.filter(
      ({ pods }) =>
        pods.length === 1 && pods.some((pod) => !isTerminating(pod) && revisionOfPod(pod) !== hash),
    );
    // Where nothing serves, nothing is lost by being quick.
    const broken = old.filter(({ pods }) => !pods.some(serves));
    const rest = old.filter((place) => !broken.includes(place)).slice(0, Math.max(0, surge - doubled));
    for (const { node } of [...broken, ...rest]) create(set, node.metadata?.name ?? '', hash, step, now);
    return;
  }
  const allowed = Math.max(1, countOf(rollingUpdate?.maxUnavailable ?? 1, wanted.length, Math.ceil));
  const missing = wanted.filter(({ pods }) => !pods.some(serves)).length;
  const old = wanted.flatMap(({ pods }) =>
    pods.filter((pod) => !isTerminating(pod) && revisionOfPod(pod) !== hash),
  );
  const serving = old.filter(serves).slice(0, Math.max(0, allowed - missing));
  remove([...old.filter((pod) => !serves(pod)), ...serving], step);
}

function create(set: DaemonSet, node: string, hash: string, step: Step, now: Instant): void {
  const pod = buildPod(set, node, hash, now);
  step.effects.push(podCreation(pod));
  step.events.push(podCreated(pod));
}

function remove(pods: readonly Pod[], { effects, events }: Step): void {
  effects.push(...pods.map(podDeletion));
  events.push(...pods.map(podDeleted));
}

/** It is made for its node: the scheduler has nothing to choose, but may find no room for it. */
function buildPod(set: DaemonSet, nodeName: string, hash: string, now: Instant): Pod {
  const { name = '', namespace, uid } = set.metadata ?? {};
  const owner = controllerReference(DaemonSets, set);
  const pod = podOf(set.spec?.template, owner, namespace, generatedName(name, uid, now, nodeName));
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, [REVISION_LABEL]: hash } },
    spec: {
      containers: [],
      ...pod.spec,
      affinity: {
        ...pod.spec?.affinity,
        nodeAffinity: { ...pod.spec?.affinity?.nodeAffinity, ...only(nodeName) },
      },
      tolerations: tolerationsOf(pod.spec),
    },
  };
}

const only = (nodeName: string) => ({
  requiredDuringSchedulingIgnoredDuringExecution: {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }],
  },
});

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
