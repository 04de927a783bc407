import type { ContainerState, ContainerStatus, Pod } from 'kubernetes-types/core/v1.d.ts';
import { type Instant, parseTime } from '../../../../api/index.ts';
import { column, humanDuration, none, wide } from '../columns.ts';
import type { Column } from '../kind.ts';

/** The columns of `kubectl get pods`. */
export const podTableColumns: readonly Column[] = [
  column<Pod>('Ready', 'Containers that are ready, of all.', readyCell),
  column<Pod>('Status', 'What the pod is doing.', podReason),
  column<Pod>('Restarts', 'How often its containers were started again, and when last.', restartsCell),
  wide<Pod>('IP', 'Address of the pod.', (pod) => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || none),
  wide<Pod>('Node', 'Node that runs the pod.', (pod) => pod.spec?.nodeName || none),
  wide<Pod>(
    'Nominated Node',
    'Node that the pod is to run on once there is room.',
    (pod) => pod.status?.nominatedNodeName || none,
  ),
  wide<Pod>('Readiness Gates', 'Readiness gates that are passed, of all.', gatesCell),
];

/** Init containers that keep running beside the others. */
function sidecars(pod: Pod): Set<string> {
  const always = pod.spec?.initContainers?.filter(
    (container) => (container as { restartPolicy?: string }).restartPolicy === 'Always',
  );
  return new Set(always?.map(({ name }) => name));
}

function readyCell(pod: Pod): string {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const kept = sidecars(pod);
  const statuses = [...containerStatuses, ...initContainerStatuses.filter(({ name }) => kept.has(name))];
  const ready = statuses.filter(({ ready, state }) => ready && state?.running !== undefined).length;
  const sidecarsReady = initContainerStatuses.filter(({ name, ready }) => kept.has(name) && ready).length;
  const main = containerStatuses.filter(({ ready, state }) => ready && state?.running !== undefined).length;
  const total = (pod.spec?.containers.length ?? 0) + kept.size;
  return `${Math.max(ready, main + sidecarsReady)}/${total}`;
}

function exitReason(state: ContainerState['terminated']): string {
  if (state?.reason) return state.reason;
  return state?.signal ? `Signal:${state.signal}` : `ExitCode:${state?.exitCode ?? 0}`;
}

/** The status that kubectl shows: the pod's phase, or what its containers are waiting for. */
export function podReason(pod: Pod): string {
  const { status } = pod;
  let reason = status?.reason || status?.phase || 'Unknown';
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.reason === 'SchedulingGated') reason = 'SchedulingGated';
  const starting = initReason(pod);
  if (starting !== undefined) reason = starting;
  else reason = mainReason(pod, reason);
  if (!pod.metadata?.deletionTimestamp) return reason;
  if (status?.reason === 'NodeLost') return 'Unknown';
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? reason : 'Terminating';
}

function initReason(pod: Pod): string | undefined {
  const total = pod.spec?.initContainers?.length ?? 0;
  const kept = sidecars(pod);
  const initialized = pod.status?.conditions?.some(
    ({ type, status }) => type === 'Initialized' && status === 'True',
  );
  for (const [i, { name, state, started }] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const { terminated, waiting } = state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (kept.has(name) && started) continue;
    if (initialized && kept.has(name)) continue;
    if (terminated) return `Init:${exitReason(terminated)}`;
    const cause = waiting?.reason;
    return cause && cause !== 'PodInitializing' ? `Init:${cause}` : `Init:${i}/${total}`;
  }
  return undefined;
}

function mainReason(pod: Pod, phase: string): string {
  let reason = phase;
  let running = false;
  for (const { state, ready } of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    if (state?.waiting?.reason) reason = state.waiting.reason;
    else if (state?.terminated) reason = exitReason(state.terminated);
    else if (ready && state?.running) running = true;
  }
  if (reason !== 'Completed' || !running) return reason;
  const isReady = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  return isReady ? 'Running' : 'NotReady';
}

function restartsCell(pod: Pod, now: Instant): string {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const kept = sidecars(pod);
  const isStarting = initReason(pod) !== undefined;
  const counted = isStarting
    ? initContainerStatuses
    : [...containerStatuses, ...initContainerStatuses.filter(({ name }) => kept.has(name))];
  const restarts = counted.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const last = Math.max(...counted.map(lastTermination), Number.NEGATIVE_INFINITY);
  return restarts > 0 && Number.isFinite(last)
    ? `${restarts} (${humanDuration(now - last)} ago)`
    : String(restarts);
}

function lastTermination({ lastState }: ContainerStatus): Instant {
  return parseTime(lastState?.terminated?.finishedAt) ?? Number.NEGATIVE_INFINITY;
}

function gatesCell(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return none;
  const passed = gates.filter(({ conditionType }) =>
    pod.status?.conditions?.some(({ type, status }) => type === conditionType && status === 'True'),
  );
  return `${passed.length}/${gates.length}`;
}
