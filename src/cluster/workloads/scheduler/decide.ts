import type { Binding, Node, Pod } from 'kubernetes-types/core/v1.d.ts';
import { type Decision, type Effect, formatTime, type Instant, Pods } from '../../../api/index.ts';
import { isNodeReady, isRepelled, selectsNode } from '../common/nodes.ts';
import { conditionOf } from '../common/pods.ts';

export interface SchedulingView {
  pod: Pod;
  nodes: readonly Node[];
  /** How many pods a node has already. */
  podsOn(node: string): number;
}

/** The scheduler of pods that name none. */
const SCHEDULER = 'default-scheduler';

/** Whether a pod waits for this scheduler. */
export function waitsForNode(pod: Pod): boolean {
  return (
    !pod.spec?.nodeName &&
    !pod.metadata?.deletionTimestamp &&
    (pod.spec?.schedulerName ?? SCHEDULER) === SCHEDULER &&
    !pod.spec?.schedulingGates?.length
  );
}

/** Binds a pod to the node that suits it and has the fewest pods; says why not when none does. */
export function decideScheduling(view: SchedulingView, now: Instant): Decision<Pod['status']> {
  const { pod, nodes } = view;
  const { namespace, name = '' } = pod.metadata ?? {};
  const verdicts = nodes.map((node) => ({ node, obstacle: obstacleOf(pod, node) }));
  const [best] = verdicts
    .filter(({ obstacle }) => obstacle === undefined)
    .map(({ node }) => node.metadata?.name ?? '')
    .sort((a, b) => view.podsOn(a) - view.podsOn(b) || (a < b ? -1 : 1));
  if (best !== undefined) {
    const message = `Successfully assigned ${namespace}/${name} to ${best}`;
    return {
      effects: [binding(pod, best)],
      events: [{ type: 'Normal', reason: 'Scheduled', message }],
      because: [{ code: 'Scheduled', text: message }],
    };
  }
  const message = whyNot(verdicts.map(({ obstacle }) => obstacle ?? ''));
  const before = conditionOf(pod, 'PodScheduled');
  const said = before?.status === 'False' && before.message === message;
  return {
    status: said ? pod.status : { ...pod.status, conditions: unschedulable(pod, message, now) },
    effects: [],
    events: said ? [] : [{ type: 'Warning', reason: 'FailedScheduling', message }],
    because: [{ code: 'Unschedulable', text: message }],
  };
}

function obstacleOf(pod: Pod, node: Node): string | undefined {
  if (!isNodeReady(node)) return 'node(s) were not ready';
  if (node.spec?.unschedulable) return 'node(s) were unschedulable';
  const taint = node.spec?.taints?.find((each) => isRepelled(pod.spec?.tolerations ?? [], each));
  if (taint) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  return selectsNode(pod.spec, node) ? undefined : "node(s) didn't match Pod's node affinity/selector";
}

/** In the form of Kubernetes' scheduler: `0/2 nodes are available: 1 node(s) …, 1 node(s) ….` */
function whyNot(obstacles: readonly string[]): string {
  if (obstacles.length === 0) return 'no nodes available to schedule pods';
  const counts = new Map<string, number>();
  for (const obstacle of obstacles) counts.set(obstacle, (counts.get(obstacle) ?? 0) + 1);
  const reasons = [...counts].map(([obstacle, count]) => `${count} ${obstacle}`).sort();
  return `0/${obstacles.length} nodes are available: ${reasons.join(', ')}.`;
}

function unschedulable(pod: Pod, message: string, now: Instant) {
  const before = conditionOf(pod, 'PodScheduled');
  const lastTransitionTime = before?.status === 'False' ? before.lastTransitionTime : formatTime(now);
  const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  return [
    ...others,
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
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
