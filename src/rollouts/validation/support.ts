import type { RolloutSpec } from '../../api/index.ts';
import { supportedRouters, unsupportedRouters } from '../../traffic/index.ts';
import { type FieldError, unsupported } from './field-error.ts';

/**
 * What is valid, but not built yet. Saying so is better than leaving it out silently; each line goes with the feature
 * that it names.
 */
export function* supportErrors({ strategy, workloadRef }: RolloutSpec): Generator<FieldError> {
  if (workloadRef) {
    yield unsupported(
      'spec.workloadRef',
      workloadRef.name ?? '',
      'not supported in this version; use spec.template',
    );
  }
  if (strategy?.blueGreen) {
    yield unsupported('spec.strategy.blueGreen', 'blueGreen', 'not supported in this version; use canary');
  }
  const { steps = [], trafficRouting = {}, pingPong } = strategy?.canary ?? {};
  for (const router of unsupportedRouters(trafficRouting)) {
    const supported = supportedRouters().join(', ');
    yield unsupported(
      `spec.strategy.canary.trafficRouting.${router}`,
      router,
      `this router is not supported in this version; supported: ${supported}`,
    );
  }
  if (pingPong) {
    yield unsupported('spec.strategy.canary.pingPong', pingPong, 'not supported in this version');
  }
  for (const [i, step] of steps.entries()) {
    for (const kind of ['experiment', 'plugin', 'setHeaderRoute', 'setMirrorRoute'] as const) {
      if (!step[kind]) continue;
      yield unsupported(
        `spec.strategy.canary.steps[${i}].${kind}`,
        kind,
        'this step is not supported in this version; supported: setWeight, pause, setCanaryScale, analysis',
      );
    }
  }
}
