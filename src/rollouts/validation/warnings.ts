import type { RolloutSpec } from '../../api/index.ts';

/** What a spec says that has no effect, or another one than it seems; for `lint` and `explain` (CAN §2.5). */
export function rolloutWarnings({ strategy }: RolloutSpec): string[] {
  const canary = strategy?.canary;
  if (!canary) return [];
  const warnings: string[] = [];
  if (!canary.trafficRouting) {
    for (const field of [
      'abortScaleDownDelaySeconds',
      'minPodsPerReplicaSet',
      'scaleDownDelayRevisionLimit',
    ] as const) {
      if (canary[field] === undefined) continue;
      warnings.push(`spec.strategy.canary.${field} has no effect without trafficRouting`);
    }
  }
  for (const field of ['maxSurge', 'maxUnavailable'] as const) {
    const value = canary[field];
    if (typeof value !== 'string' || value.endsWith('%')) continue;
    warnings.push(
      `spec.strategy.canary.${field}: "${value}" means ${value} percent; write "${value}%", or ${value} for a number of pods`,
    );
  }
  for (const [i, step] of (canary.steps ?? []).entries()) {
    const kinds = Object.entries(step)
      .filter(([, value]) => value !== undefined)
      .map(([kind]) => kind);
    if (kinds.length > 1) {
      const list = kinds.join(', ');
      warnings.push(
        `spec.strategy.canary.steps[${i}] has several kinds (${list}); it is over when the first of pause, ` +
          'setCanaryScale, setWeight, experiment, analysis, setHeaderRoute, setMirrorRoute, plugin is',
      );
    }
  }
  return warnings;
}
