import type { CanaryStep } from '../../api/index.ts';
import { DurationError, parseDuration } from '../../api/index.ts';

/** Steps as they are written. */

/** What a step says, as events and `explain` quote it (CAN §6.3). */
export function stepText(step: CanaryStep): string {
  if (step.setWeight !== undefined) return `setWeight: ${step.setWeight}`;
  if (step.pause) return step.pause.duration === undefined ? 'pause' : `pause: ${step.pause.duration}`;
  if (step.experiment) return 'experiment';
  if (step.analysis) return 'analysis';
  if (step.setCanaryScale) {
    const { weight, replicas, matchTrafficWeight } = step.setCanaryScale;
    if (weight !== undefined) return `setCanaryScale{weight: ${weight}}`;
    if (matchTrafficWeight) return 'setCanaryScale{matchTrafficWeight: true}';
    return replicas !== undefined ? `setCanaryScale{replicas: ${replicas}}` : 'setCanaryScale{invalid}';
  }
  if (step.plugin) return `plugin: ${step.plugin.name}`;
  if (step.setHeaderRoute) return `setHeaderRoute: ${step.setHeaderRoute.name}`;
  if (step.setMirrorRoute) return `setMirrorRoute: ${step.setMirrorRoute.name}`;
  return 'invalid';
}

/**
 * Seconds of a pause (CAN §2.4): a number, digits, or a Go duration truncated to whole seconds. Undefined: until
 * promoted. -1: cannot be read.
 */
export function pauseSeconds(duration: number | string | undefined): number | undefined {
  if (duration === undefined || typeof duration === 'number') return duration;
  if (/^[+-]?\d+$/.test(duration)) {
    const seconds = Number(duration);
    return Math.abs(seconds) < 2 ** 31 ? seconds : -1;
  }
  try {
    return Math.trunc(parseDuration(duration) / 1000);
  } catch (error) {
    if (error instanceof DurationError) return -1;
    throw error;
  }
}

/** The last `setWeight` before a step, or at it when `inclusive`; 0 when there is none. */
export function weightBefore(steps: readonly CanaryStep[], index: number, inclusive: boolean): number {
  const passed = steps.slice(0, inclusive ? index + 1 : index);
  return passed.findLast((step) => step.setWeight !== undefined)?.setWeight ?? 0;
}
