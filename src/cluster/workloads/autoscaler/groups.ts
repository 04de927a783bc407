import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { type Instant, parseTime } from '../../../api/index.ts';
import { conditionOf, isTerminating } from '../common/pods.ts';
import type { Reading } from './readings.ts';

/** CPU of a pod younger than this counts only when it is ready, and for a whole window was. */
const CPU_INITIALIZATION_MS = 5 * 60_000;
/** A pod that got unready within this time of its start has never been ready. */
const INITIAL_READINESS_MS = 30_000;

/** Pods by what their metrics are good for. */
export interface PodGroups {
  /** How many count with what they use. */
  ready: number;
  /** Names of those that do not serve yet: what they use says nothing. */
  unready: string[];
  /** Names of those that run, and nobody knows what they use. */
  missing: string[];
  /** Names of those that are on their way out. */
  ignored: string[];
}

export function groupPods(
  pods: readonly Pod[],
  readings: ReadonlyMap<string, Reading>,
  resource: string,
  now: Instant,
): PodGroups {
  const groups: PodGroups = { ready: 0, unready: [], missing: [], ignored: [] };
  for (const pod of pods) {
    const { name = '' } = pod.metadata ?? {};
    const reading = readings.get(name);
    if (isTerminating(pod) || pod.status?.phase === 'Failed') groups.ignored.push(name);
    else if (pod.status?.phase === 'Pending') groups.unready.push(name);
    else if (!reading) groups.missing.push(name);
    else if (resource === 'cpu' && isWarmingUp(pod, reading, now)) groups.unready.push(name);
    else groups.ready += 1;
  }
  return groups;
}

/** Whether CPU that was measured is that of the start of the pod, not of its work. */
function isWarmingUp(pod: Pod, reading: Reading, now: Instant): boolean {
  const condition = conditionOf(pod, 'Ready');
  const startedAt = parseTime(pod.status?.startTime);
  if (!condition || startedAt === undefined) return true;
  const changedAt = parseTime(condition.lastTransitionTime) ?? 0;
  const unready = condition.status === 'False';
  if (startedAt + CPU_INITIALIZATION_MS > now) return unready || reading.at < changedAt + reading.windowMs;
  return unready && startedAt + INITIAL_READINESS_MS > changedAt;
}
