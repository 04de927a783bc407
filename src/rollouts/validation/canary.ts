import type { Static } from 'typebox';
import type { AntiAffinity, CanaryStrategy } from '../../api/index.ts';
import { type FieldError, invalid } from './field-error.ts';
import { routingErrors } from './routing.ts';
import { stepErrors } from './steps.ts';

/** What is wrong with a canary strategy (CAN §2.5, TRF §2). Paths leave out `canary`, as Argo Rollouts has them. */
export function* canaryErrors(canary: CanaryStrategy): Generator<FieldError> {
  const path = 'spec.strategy';
  yield* podCountErrors('maxSurge', canary.maxSurge);
  yield* podCountErrors('maxUnavailable', canary.maxUnavailable);
  if (isZero(canary.maxSurge) && isZero(canary.maxUnavailable)) {
    yield invalid(`${path}.maxSurge`, canary.maxSurge, 'MaxSurge and MaxUnavailable both can not be zero');
  }
  if (canary.canaryService && canary.canaryService === canary.stableService) {
    yield invalid(
      `${path}.stableService`,
      canary.stableService,
      'This rollout uses the same service for the stable and canary services, but two different services are required.',
    );
  }
  yield* routingErrors(canary);
  if (!canary.trafficRouting) {
    if (canary.scaleDownDelaySeconds !== undefined) {
      yield invalid(
        `${path}.scaleDownDelaySeconds`,
        canary.scaleDownDelaySeconds,
        'Canary scaleDownDelaySeconds can only be used with traffic routing',
      );
    }
    if (canary.dynamicStableScale) {
      yield invalid(
        `${path}.dynamicStableScale`,
        canary.dynamicStableScale,
        'Canary dynamicStableScale can only be used with traffic routing',
      );
    }
  } else if (canary.dynamicStableScale && canary.scaleDownDelaySeconds !== undefined) {
    yield invalid(
      `${path}.dynamicStableScale`,
      canary.dynamicStableScale,
      'Canary dynamicStableScale cannot be used with scaleDownDelaySeconds',
    );
  }
  for (const [i, step] of (canary.steps ?? []).entries()) yield* stepErrors(step, i, canary);
  yield* antiAffinityErrors(canary.antiAffinity);
}

const isZero = (value: number | string | undefined): boolean =>
  value !== undefined && /^0+%?$/.test(String(value));

/** A number of pods, or a share of them. Bare digits in quotes are a share, too, as they are for Argo Rollouts. */
function* podCountErrors(
  field: 'maxSurge' | 'maxUnavailable',
  value: number | string | undefined,
): Generator<FieldError> {
  if (value === undefined || (typeof value === 'number' ? value >= 0 : /^\d+%?$/.test(value))) return;
  yield invalid(
    `spec.strategy.${field}`,
    value,
    'must be an integer that is not negative, or a percentage such as "25%"',
  );
}

/** @see CAN-018 */
export function* antiAffinityErrors(
  antiAffinity: Static<typeof AntiAffinity> | undefined,
): Generator<FieldError> {
  if (!antiAffinity) return;
  const {
    requiredDuringSchedulingIgnoredDuringExecution: hard,
    preferredDuringSchedulingIgnoredDuringExecution: soft,
  } = antiAffinity;
  if (Boolean(hard) === Boolean(soft)) {
    yield invalid(
      'spec.strategy.antiAffinity',
      antiAffinity,
      'AntiAffinity must have exactly one strategy listed',
    );
  } else if (soft && (soft.weight < 1 || soft.weight > 100)) {
    yield invalid(
      'spec.strategy.antiAffinity.weight',
      soft.weight,
      'AntiAffinity weight must be between 1-100',
    );
  }
}
