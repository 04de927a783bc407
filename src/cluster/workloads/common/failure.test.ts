import { expect, it } from 'vitest';
import { type Effect, Pods } from '../../../api/index.ts';
import { EffectError } from './act.ts';
import { tellFailure } from './failure.ts';

const effect = (kind: 'create' | 'delete' | 'patch'): Effect =>
  ({ kind, what: `${kind} it`, ref: { type: Pods, name: 'p' } }) as Effect;

it.each([
  ['create', 'FailedCreate', 'Error creating: exceeded quota'],
  ['delete', 'FailedDelete', 'Error deleting: exceeded quota'],
  ['patch', 'FailedUpdate', 'Error updating: exceeded quota'],
] as const)('a %s that is refused is told of in an event, and the status stays', (kind, reason, message) => {
  const decision = tellFailure(undefined, new EffectError(effect(kind), new Error('exceeded quota')));
  expect(decision).toMatchObject({ effects: [], events: [{ type: 'Warning', reason, message }] });
  expect(decision.status).toBeUndefined();
});
