import type { Decision, Instant, RolloutStatus } from '../api/index.ts';
import type { RolloutView } from './view.ts';

/**
 * What to do next about a Rollout: its whole new status, the writes in order, the events, why, and when to ask again.
 * Every pass acts on one snapshot and ends after one kind of change (CAN §4.2); the writes bring on the next pass.
 */
export function decideRollout(_view: RolloutView, _now: Instant): Decision<RolloutStatus> {
  return { effects: [], events: [], because: [] };
}
