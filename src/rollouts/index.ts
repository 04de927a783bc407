/**
 * Decides what happens to a Rollout (CAN). Pure: a snapshot and the time go in, a decision comes out; it reads and
 * writes nothing.
 */
export { decideCreationFailed } from './creation.ts';
export { decideRollout } from './decide.ts';
export { decideRolloutDeleted } from './deletion.ts';
export { type PhaseAndMessage, rolloutPhase } from './phase.ts';
export { type FieldError, formatFieldError, validateRolloutSpec } from './validation/index.ts';
export { referenceErrors } from './validation/references.ts';
export type { RolloutSettings, RolloutView } from './view.ts';
