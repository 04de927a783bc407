import type { CanaryStep, Rollout } from '../../api/index.ts';

/** The current step in words; undefined when there is none. */
export function describeStep({ spec, status }: Rollout): string | undefined {
  const step = spec.strategy?.canary?.steps?.[status?.currentStepIndex ?? -1];
  return step && inWords(step);
}

function inWords(step: CanaryStep): string {
  if (step.setWeight !== undefined) return `setWeight ${step.setWeight}`;
  if (step.pause) {
    const { duration } = step.pause;
    return duration === undefined
      ? 'pause until promoted'
      : `pause ${duration}${typeof duration === 'number' ? 's' : ''}`;
  }
  if (step.analysis) {
    return `analysis ${(step.analysis.templates ?? []).map(({ templateName }) => templateName).join(', ')}`;
  }
  return Object.keys(step).join(', ');
}
