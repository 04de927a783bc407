import type { Node, NodeCondition, NodeStatus } from 'kubernetes-types/core/v1.d.ts';
import { type Decision, type EventRecord, formatTime, type Instant } from '../../../api/index.ts';
import { isNodeReady, nodeCondition } from '../common/nodes.ts';

export interface NodeHealthView {
  node: Node;
  /** When the node was last heard of: its Lease or its status was renewed. By this controller's clock, not the node's. */
  heardAt: Instant;
}

/** As the controller manager's `--node-monitor-grace-period`. */
const GRACE_MS = 50_000;
/** As its `--node-startup-grace-period`: for a node that has not said anything yet. */
const STARTUP_GRACE_MS = 60_000;

/** The conditions that a node agent keeps. */
const REPORTED = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'];

/** Nothing is known of a node that is not heard of: its conditions say so. */
export function decideNodeHealth({ node, heardAt }: NodeHealthView, now: Instant): Decision<NodeStatus> {
  const grace = nodeCondition(node, 'Ready') === undefined ? STARTUP_GRACE_MS : GRACE_MS;
  if (heardAt + grace > now) {
    const because = [{ code: 'Heard', text: `it was heard of at ${formatTime(heardAt)}` }];
    return { effects: [], events: [], because, wakeAt: heardAt + grace };
  }
  const name = node.metadata?.name;
  const events: EventRecord[] = [];
  if (isNodeReady(node)) {
    const message = `Node ${name} status is now: NodeNotReady`;
    events.push({ type: 'Normal', reason: 'NodeNotReady', message });
  }
  const text = `it was last heard of at ${formatTime(heardAt)}`;
  return {
    status: { ...node.status, conditions: withUnknown(node, now) },
    effects: [],
    events,
    because: [{ code: 'NotHeard', text }],
  };
}

function withUnknown({ metadata, status }: Node, now: Instant): NodeCondition[] {
  const lastTransitionTime = formatTime(now);
  const before = status?.conditions ?? [];
  const stopped = before.map((condition): NodeCondition => {
    if (!REPORTED.includes(condition.type) || condition.status === 'Unknown') return condition;
    const why = { reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' };
    return { ...condition, status: 'Unknown', ...why, lastTransitionTime };
  });
  const never = REPORTED.filter((type) => !before.some((condition) => condition.type === type)).map(
    (type): NodeCondition => ({
      type,
      status: 'Unknown',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
      ...(metadata?.creationTimestamp && { lastHeartbeatTime: metadata.creationTimestamp }),
      lastTransitionTime,
    }),
  );
  return [...stopped, ...never];
}
