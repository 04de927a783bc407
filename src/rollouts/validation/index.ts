import type { Rollout } from '../../api/index.ts';
import type { RolloutView } from '../view.ts';
import type { FieldError } from './field-error.ts';
import { referenceErrors } from './references.ts';
import { specErrors } from './spec.ts';
import { supportErrors } from './support.ts';

export { type FieldError, formatFieldError } from './field-error.ts';

/**
 * The first thing that keeps a Rollout from being carried out (CAN §2.5): of the spec itself, of what this version can do,
 * then of the objects that it refers to.
 */
export function validateRollout(view: RolloutView): FieldError | undefined {
  for (const error of specErrors(view.rollout.spec)) return error;
  for (const error of supportErrors(view.rollout.spec)) return error;
  for (const error of referenceErrors(view)) return error;
  return undefined;
}

/** All that is wrong with a Rollout by itself, without the objects that it refers to; for `lint`. */
export function validateRolloutSpec({ spec }: Rollout): FieldError[] {
  return [...specErrors(spec), ...supportErrors(spec)];
}
