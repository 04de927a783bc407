import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Condition } from 'kubernetes-types/meta/v1.d.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from 'kubernetes-types/policy/v1.d.ts';
import {
  type Decision,
  type EventRecord,
  formatSelector,
  formatTime,
  type Instant,
  parseTime,
} from '../../../api/index.ts';
import { countOf } from '../common/counts.ts';
import { isReady, isTerminating } from '../common/pods.ts';

export interface DisruptionView {
  budget: PodDisruptionBudget;
  /** The pods that it selects. */
  pods: readonly Pod[];
  /** How many pods their controllers want together; asked for where the budget depends on it. */
  scale: ExpectedScale;
}

export type ExpectedScale =
  /** `isPartial`: there are pods that nothing controls, which do not count. */
  | { kind: 'known'; replicas: number; isPartial: boolean }
  /** A controller says no size; then nothing may be disrupted. */
  | { kind: 'unknown'; message: string };

/** A pod that was evicted and is still not being deleted after this time is counted again. */
const DELETION_TIMEOUT_MS = 120_000;

interface Need {
  /** How many pods there should be. */
  expected: number;
  /** How many of them have to be healthy. */
  desired: number;
}

/** Whether a budget's numbers depend on the size of the pods' controllers. */
export function dependsOnScale({ spec }: PodDisruptionBudget): boolean {
  return spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string';
}

/** How many pods may be evicted now: the eviction subresource spends what this allows. */
export function decideDisruption(view: DisruptionView, now: Instant): Decision<PodDisruptionBudgetStatus> {
  const { budget, pods } = view;
  const { disrupted, events, wakeAt } = stillDisrupted(view, now);
  if (pods.length === 0) events.push({ type: 'Normal', reason: 'NoPods', message: 'No matching pods found' });
  const timer = wakeAt === undefined ? {} : { wakeAt };
  if (dependsOnScale(budget) && view.scale.kind === 'unknown') {
    const { message } = view.scale;
    const failed = `Failed to calculate the number of expected pods: ${message}`;
    events.push(
      { type: 'Warning', reason: 'NoControllers', message },
      { type: 'Warning', reason: 'CalculateExpectedPodCountFailed', message: failed },
    );
    return {
      status: failSafe(budget, message, now),
      effects: [],
      events,
      because: [{ code: 'SyncFailed', text: message }],
      ...timer,
    };
  }
  events.push(...unmanagedEvents(view));
  const { expected, desired } = needOf(view);
  const healthy = pods.filter(
    (pod) => isReady(pod) && !isTerminating(pod) && disrupted[pod.metadata?.name ?? ''] === undefined,
  ).length;
  const allowed = expected > 0 ? Math.max(0, healthy - desired) : 0;
  const reason = allowed > 0 ? 'SufficientPods' : 'InsufficientPods';
  return {
    status: {
      observedGeneration: budget.metadata?.generation,
      expectedPods: expected,
      desiredHealthy: desired,
      currentHealthy: healthy,
      disruptionsAllowed: allowed,
      disruptedPods: Object.keys(disrupted).length > 0 ? disrupted : undefined,
      conditions: withCondition(budget, { status: allowed > 0 ? 'True' : 'False', reason, message: '' }, now),
    },
    effects: [],
    events,
    because: [
      {
        code: reason,
        text: `${healthy} of ${expected} pods are healthy, ${desired} have to be: ${allowed} may go`,
      },
    ],
    ...timer,
  };
}

/** A share of pods cannot be taken of those that no controller gives a number of. */
function unmanagedEvents({ budget, scale }: DisruptionView): EventRecord[] {
  if (scale.kind !== 'known' || !scale.isPartial) return [];
  const selector = formatSelector(budget.spec?.selector);
  const message =
    `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the ` +
    'status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these ' +
    'pods please set ".spec.minAvailable" field of the PDB to an integer value.';
  return [{ type: 'Warning', reason: 'UnmanagedPods', message }];
}

function needOf({ budget, pods, scale }: DisruptionView): Need {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  const size = scale.kind === 'known' ? scale.replicas : 0;
  if (maxUnavailable !== undefined) {
    return { expected: size, desired: Math.max(0, size - countOf(maxUnavailable, size, Math.ceil)) };
  }
  if (typeof minAvailable === 'string') {
    return { expected: size, desired: countOf(minAvailable, size, Math.ceil) };
  }
  return { expected: pods.length, desired: minAvailable ?? 1 };
}

/** The evicted pods whose deletion is not to be seen yet. */
function stillDisrupted({ budget, pods }: DisruptionView, now: Instant) {
  const disrupted: Record<string, string> = {};
  const events: EventRecord[] = [];
  let wakeAt: Instant | undefined;
  for (const [name, time] of Object.entries(budget.status?.disruptedPods ?? {})) {
    const pod = pods.find(({ metadata }) => metadata?.name === name);
    if (!pod || isTerminating(pod)) continue;
    const until = (parseTime(time) ?? 0) + DELETION_TIMEOUT_MS;
    if (until <= now) {
      const { namespace, name: own } = budget.metadata ?? {};
      const message = `Pod ${name} was expected by PDB ${namespace}/${own} to be deleted but it wasn't`;
      events.push({ type: 'Warning', reason: 'NotDeleted', message });
      continue;
    }
    disrupted[name] = time;
    wakeAt = Math.min(wakeAt ?? until, until);
  }
  return { disrupted, events, wakeAt };
}

/** Nothing is known for sure: nothing may be evicted. */
function failSafe(budget: PodDisruptionBudget, message: string, now: Instant): PodDisruptionBudgetStatus {
  const { currentHealthy = 0, desiredHealthy = 0, expectedPods = 0, ...status } = budget.status ?? {};
  return {
    ...status,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    observedGeneration: budget.metadata?.generation,
    disruptionsAllowed: 0,
    conditions: withCondition(budget, { status: 'False', reason: 'SyncFailed', message }, now),
  };
}

function withCondition(
  { metadata, status }: PodDisruptionBudget,
  change: Pick<Condition, 'status' | 'reason' | 'message'>,
  now: Instant,
): Condition[] {
  const type = 'DisruptionAllowed';
  const before = status?.conditions?.find((condition) => condition.type === type);
  const others = (status?.conditions ?? []).filter((condition) => condition.type !== type);
  const lastTransitionTime = before?.status === change.status ? before.lastTransitionTime : formatTime(now);
  const observedGeneration = metadata?.generation;
  return [
    ...others,
    { type, ...change, lastTransitionTime, ...(observedGeneration !== undefined && { observedGeneration }) },
  ];
}
