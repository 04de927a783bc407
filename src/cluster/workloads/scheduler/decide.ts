import type { Binding, Node, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.d.ts';
import {
  type Decision,
  type Effect,
  formatTime,
  type Instant,
  PersistentVolumeClaims,
  Pods,
} from '../../../api/index.ts';
import { SELECTED_NODE } from '../claims/provisioning.ts';
import { conditionOf } from '../common/pods.ts';
import { type ClaimsOfPod, claimsOfPod, type Storage } from './claims.ts';
import { type Obstacles, obstaclesOf } from './filters.ts';
import type { Surroundings } from './neighbours.ts';
import { scoresOf } from './scores.ts';

export interface SchedulingView extends Surroundings {
  pod: Pod;
  storage: Storage;
}

type SchedulingDecision = Decision<Pod['status']>;

/** The scheduler of pods that name none. */
const SCHEDULER = 'default-scheduler';

/** Whether a pod waits for this scheduler. */
export function waitsForNode(pod: Pod): boolean {
  return (
    !pod.spec?.nodeName &&
    !pod.metadata?.deletionTimestamp &&
    (pod.spec?.schedulerName ?? SCHEDULER) === SCHEDULER
  );
}

/** Binds a pod to the node that suits it best; says why not when none does. */
export function decideScheduling(view: SchedulingView, now: Instant): SchedulingDecision {
  const { pod, nodes } = view;
  if (pod.spec?.schedulingGates?.length) {
    return refuse(pod, 'SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates', now);
  }
  const claims = claimsOfPod(pod, view.storage);
  const verdicts = nodes.map((node) => ({ node, obstacles: obstaclesOf(pod, node, view, claims) }));
  const nameOf = (node: Node) => node.metadata?.name ?? '';
  const chosen = chosenBefore(claims);
  const feasible = verdicts
    .filter(({ node, obstacles }) => obstacles === undefined && (!chosen || nameOf(node) === chosen))
    .map(({ node }) => node);
  const scores = feasible.length > 1 ? scoresOf(pod, feasible, view) : [0];
  const [best] = feasible
    .map((node, i) => ({ name: nameOf(node), score: scores[i]! }))
    .sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1));
  if (claims.obstacle !== undefined || !best) {
    const message = whyNot(
      verdicts.map(({ obstacles }) => obstacles),
      claims.obstacle,
    );
    return refuse(pod, 'Unschedulable', message, now);
  }
  if (claims.waiting.length > 0) return waitForVolumes(claims.waiting, best.name);
  const { namespace, name = '' } = pod.metadata ?? {};
  const message = `Successfully assigned ${namespace}/${name} to ${best.name}`;
  return {
    effects: [binding(pod, best.name)],
    events: [{ type: 'Normal', reason: 'Scheduled', message }],
    because: [{ code: 'Scheduled', text: message }],
  };
}

/** A claim whose volume is being made for a node keeps to it. */
const chosenBefore = ({ waiting }: ClaimsOfPod) =>
  waiting.map(({ metadata }) => metadata?.annotations?.[SELECTED_NODE]).find((node) => node !== undefined);

/** The pod is bound to the node when the claims have the volumes that are made for it there. */
function waitForVolumes(claims: readonly PersistentVolumeClaim[], node: string): SchedulingDecision {
  const effects = claims
    .filter(({ metadata }) => metadata?.annotations?.[SELECTED_NODE] !== node)
    .map(({ metadata }): Effect => {
      const { namespace, name = '', resourceVersion } = metadata ?? {};
      return {
        kind: 'patch',
        what: `choose node ${node} for claim ${name}`,
        ref: { type: PersistentVolumeClaims, namespace, name },
        patch: { metadata: { annotations: { [SELECTED_NODE]: node } } },
        resourceVersion,
      };
    });
  const text = `${claims.length} claims wait for their volumes on node ${node}`;
  return { effects, events: [], because: [{ code: 'WaitingForVolumes', text }] };
}

/**
 * In the form of Kubernetes' scheduler: `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) …. preemption: ….`
 * No pod is pushed off a node for another, so the second part only says that there is none.
 */
function whyNot(verdicts: readonly (Obstacles | undefined)[], ofAll: string | undefined): string {
  const total = verdicts.length;
  if (total === 0) return 'no nodes available to schedule pods';
  const failed = verdicts.flatMap((obstacles) => obstacles ?? []);
  const crowded = ofAll === undefined ? failed.filter(({ isCrowded }) => isCrowded).length : 0;
  const why = ofAll ?? counted(failed.flatMap(({ reasons }) => reasons));
  const preemption = counted([
    ...Array<string>(crowded).fill('No preemption victims found for incoming pod'),
    ...Array<string>(total - crowded).fill('Preemption is not helpful for scheduling'),
  ]);
  return `0/${total} nodes are available: ${why}. preemption: 0/${total} nodes are available: ${preemption}.`;
}

function counted(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}

/** Says on the pod why it waits, and in an event when that is new. */
function refuse(pod: Pod, reason: string, message: string, now: Instant): SchedulingDecision {
  const before = conditionOf(pod, 'PodScheduled');
  const said = before?.status === 'False' && before.message === message;
  const isGated = reason === 'SchedulingGated';
  return {
    status: said ? pod.status : { ...pod.status, conditions: withRefusal(pod, reason, message, now) },
    effects: [],
    events: said || isGated ? [] : [{ type: 'Warning', reason: 'FailedScheduling', message }],
    because: [{ code: reason, text: message }],
  };
}

function withRefusal(pod: Pod, reason: string, message: string, now: Instant) {
  const before = conditionOf(pod, 'PodScheduled');
  const lastTransitionTime = before?.status === 'False' ? before.lastTransitionTime : formatTime(now);
  const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  return [
    ...others,
    {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      ...(lastTransitionTime && { lastTransitionTime }),
    },
  ];
}

function binding(pod: Pod, node: string): Effect {
  const { namespace, name = '', uid } = pod.metadata ?? {};
  const object: Binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, ...(namespace && { namespace }), ...(uid && { uid }) },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  };
  const ref = { type: Pods, namespace, name };
  return { kind: 'create', what: `bind pod ${name} to node ${node}`, ref, object, subresource: 'binding' };
}
