import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingPolicy,
  HPAScalingRules,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import { type Instant, parseQuantity } from '../../../api/index.ts';
import type { History } from './history.ts';
import type { Tolerance } from './replicas.ts';

/** The part of `behavior` that the types do not know yet. */
type WithTolerance = HPAScalingRules & { tolerance?: string };

const DEFAULT_TOLERANCE = 0.1;

/** Within which shares of the target a `behavior` lets nothing change. */
export function toleranceOf(behavior: HorizontalPodAutoscalerBehavior | undefined): Tolerance {
  const share = (rules: WithTolerance | undefined) => {
    const given = rules?.tolerance === undefined ? undefined : parseQuantity(rules.tolerance);
    return given ?? DEFAULT_TOLERANCE;
  };
  return { up: share(behavior?.scaleUp), down: share(behavior?.scaleDown) };
}

/** What the metrics ask for, and between which bounds it may be carried out. */
export interface Wish {
  current: number;
  desired: number;
  min: number;
  max: number;
}

/** A condition's reason with its message. */
export interface Why {
  reason: string;
  message: string;
}

export interface Normalized {
  replicas: number;
  /** AbleToScale, always True. */
  able: Why;
  /** ScalingLimited. */
  limited: Why & { status: 'True' | 'False' };
}

/** Without a `behavior` the size sinks to the highest recommendation of this time. */
const DOWNSCALE_STABILIZATION_MS = 300_000;
/** … and it grows to at most the double, or to this. */
const SCALE_UP_MINIMUM = 4;

const ready: Why = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const upStabilized: Why = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
const downStabilized: Why = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};
const within: Why = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
};
const tooMany: Why = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const tooFew: Why = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};
const upLimit: Why = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const downLimit: Why = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};

/** What of the wish is carried out now: stabilised by the past, then bounded. */
export function normalize(
  wish: Wish,
  behavior: HorizontalPodAutoscalerBehavior | undefined,
  history: History,
  now: Instant,
): Normalized {
  return behavior ? withBehavior(wish, behavior, history, now) : withoutBehavior(wish, history, now);
}

function withoutBehavior(wish: Wish, { recommendations }: History, now: Instant): Normalized {
  const since = now - DOWNSCALE_STABILIZATION_MS;
  const recent = recommendations.filter(({ at }) => at >= since).map(({ replicas }) => replicas);
  const stabilized = Math.max(wish.desired, ...recent);
  const upTo = Math.max(2 * wish.current, SCALE_UP_MINIMUM);
  const [most, why] = wish.max > upTo ? [upTo, upLimit] : [wish.max, tooMany];
  const [replicas, limit] =
    stabilized < wish.min ? [wish.min, tooFew] : stabilized > most ? [most, why] : [stabilized, within];
  return result(wish, stabilized, downStabilized, replicas, limit);
}

function withBehavior(
  wish: Wish,
  { scaleUp = {}, scaleDown = {} }: HorizontalPodAutoscalerBehavior,
  history: History,
  now: Instant,
): Normalized {
  const { current, desired } = wish;
  const stabilized = stabilize(wish, scaleUp, scaleDown, history, now);
  const why = desired >= current ? upStabilized : downStabilized;
  if (stabilized > current) {
    const fastest = Math.max(current, scaleUpLimit(current, scaleUp, history, now));
    const [most, limit] = wish.max > fastest ? [fastest, upLimit] : [wish.max, tooMany];
    if (stabilized > most) return result(wish, stabilized, why, most, limit);
  } else if (stabilized < current) {
    const fastest = Math.min(current, scaleDownLimit(current, scaleDown, history, now));
    const [least, limit] = wish.min < fastest ? [fastest, downLimit] : [wish.min, tooFew];
    if (stabilized < least) return result(wish, stabilized, why, least, limit);
  }
  return result(wish, stabilized, why, stabilized, within);
}

function result(
  { desired }: Wish,
  stabilized: number,
  stabilizedBy: Why,
  replicas: number,
  limit: Why,
): Normalized {
  return {
    replicas,
    able: stabilized === desired ? ready : stabilizedBy,
    limited: { status: replicas === stabilized ? 'False' : 'True', ...limit },
  };
}

/** Up no higher than the lowest recommendation of its window, down no lower than the highest of its own. */
function stabilize(
  { current, desired }: Wish,
  scaleUp: HPAScalingRules,
  scaleDown: HPAScalingRules,
  { recommendations }: History,
  now: Instant,
): number {
  const within = (rules: HPAScalingRules, otherwiseMs: number) => {
    const { stabilizationWindowSeconds: seconds } = rules;
    const since = now - (seconds === undefined ? otherwiseMs : seconds * 1000);
    return recommendations.filter(({ at }) => at > since).map(({ replicas }) => replicas);
  };
  const lowest = Math.min(desired, ...within(scaleUp, 0));
  const highest = Math.max(desired, ...within(scaleDown, DOWNSCALE_STABILIZATION_MS));
  return Math.min(Math.max(current, lowest), highest);
}

/** To how many the policies allow it to grow. */
function scaleUpLimit(current: number, rules: HPAScalingRules, history: History, now: Instant): number {
  const { selectPolicy = 'Max', policies = [] } = rules;
  if (selectPolicy === 'Disabled') return current;
  const limits = policies.map((policy) => {
    const start = atPeriodStart(current, policy, history, now);
    return policy.type === 'Pods'
      ? start + policy.value
      : Math.ceil(roundOff(start * (1 + policy.value / 100)));
  });
  return selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
}

/** To how few the policies allow it to shrink. */
function scaleDownLimit(current: number, rules: HPAScalingRules, history: History, now: Instant): number {
  const { selectPolicy = 'Max', policies = [] } = rules;
  if (selectPolicy === 'Disabled') return current;
  const limits = policies.map((policy) => {
    const start = atPeriodStart(current, policy, history, now);
    return policy.type === 'Pods'
      ? start - policy.value
      : Math.trunc(roundOff(start * (1 - policy.value / 100)));
  });
  return selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
}

/** How many there were a policy's period ago. */
function atPeriodStart(
  current: number,
  { periodSeconds }: HPAScalingPolicy,
  { changes }: History,
  now: Instant,
): number {
  const since = now - periodSeconds * 1000;
  return changes.filter(({ at }) => at > since).reduce((count, { by }) => count - by, current);
}

/** Without the last digits of a product, in which 10 × 1.1 is more than 11. */
const roundOff = (value: number) => Number(value.toPrecision(12));
