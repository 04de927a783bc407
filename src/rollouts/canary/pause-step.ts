import { type Instant, parseTime } from '../../api/index.ts';
import type { CanaryContext } from './context.ts';
import { pauseSeconds } from './steps.ts';

/** How far a pause step is (CAN §7). */
export type PauseProgress =
  | { kind: 'none' }
  /** It begins with this pass. */
  | { kind: 'begins' }
  /** Until a person resumes, or until a time. */
  | { kind: 'waits'; until?: Instant }
  | { kind: 'over'; resumed: boolean };

export function pauseProgress(context: CanaryContext): PauseProgress {
  const { step, status, spec, now } = context;
  if (!step?.pause || context.aborted || context.fastTracked) return { kind: 'none' };
  const began = status.pauseConditions?.find(({ reason }) => reason === 'CanaryPauseStep');
  if (!began) {
    if (status.controllerPause && !status.pauseConditions?.length) return { kind: 'over', resumed: true };
    return spec.paused ? { kind: 'none' } : { kind: 'begins' };
  }
  const seconds = pauseSeconds(step.pause.duration);
  if (seconds === undefined) return { kind: 'waits' };
  const end = (parseTime(began.startTime) ?? now) + seconds * 1000;
  // Strictly after the end (CAN-071).
  return now > end ? { kind: 'over', resumed: false } : { kind: 'waits', until: end + 1 };
}
