import type { Instant, Rollout, RolloutStatus } from '../api/index.ts';
import { findCondition, removeCondition, setCondition } from './conditions.ts';
import type { Outcome } from './outcome.ts';
import { phaseOf } from './phase.ts';
import type { FieldError } from './validation/index.ts';
import { formatFieldError } from './validation/index.ts';

/** The status of a Rollout that cannot be carried out as it is (CAN §2.5): only that is said, all else stays. */
export function invalidStatus(
  { metadata, spec, status = {} }: Rollout,
  error: FieldError,
  now: Instant,
  outcome: Outcome,
): RolloutStatus {
  const message = `The Rollout "${metadata.name}" is invalid: ${formatFieldError(error)}`;
  const known = findCondition(status, 'InvalidSpec');
  outcome.because('InvalidSpec', message);
  if (known?.message === message && status.observedGeneration === String(metadata.generation)) return status;
  if (known?.message !== message) outcome.event('Warning', 'InvalidSpec', message);
  const others =
    known?.message === message
      ? (status.conditions ?? [])
      : removeCondition(status.conditions ?? [], 'InvalidSpec');
  const next = {
    ...status,
    observedGeneration: String(metadata.generation),
    conditions: setCondition(
      others,
      { type: 'InvalidSpec', status: 'True', reason: 'InvalidSpec', message },
      now,
    ),
  };
  return { ...next, ...phaseOf(spec, next, now) };
}
