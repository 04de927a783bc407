import type { Decision } from '../../../api/index.ts';
import type { EffectError } from './act.ts';

/** What is left to say when something could not be made or deleted: an event with the reason; the status stays. */
export function tellFailure(_view: unknown, error: EffectError): Decision<never> {
  const message = error.cause instanceof Error ? error.cause.message : error.message;
  const [reason, verb] = {
    create: ['FailedCreate', 'creating'],
    delete: ['FailedDelete', 'deleting'],
    evict: ['FailedDelete', 'deleting'],
    patch: ['FailedUpdate', 'updating'],
  }[error.effect.kind] as [string, string];
  return {
    effects: [],
    events: [{ type: 'Warning', reason, message: `Error ${verb}: ${message}` }],
    because: [{ code: reason, text: message }],
  };
}
