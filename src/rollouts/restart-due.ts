import { type Instant, parseTime, type RolloutSpec, type RolloutStatus } from '../api/index.ts';

/** Whether `spec.restartAt` has come and its pods are not all replaced yet (CAN §12). */
export function isRestartDue(spec: RolloutSpec, status: RolloutStatus, now: Instant): boolean {
  const at = parseTime(spec.restartAt);
  return at !== undefined && now > at && at !== parseTime(status.restartedAt);
}
