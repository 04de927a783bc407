import type { BlueGreenStrategy, RolloutSpec } from '../../api/index.ts';
import { antiAffinityErrors } from './canary.ts';
import { type FieldError, invalid } from './field-error.ts';

const DEFAULT_HISTORY_LIMIT = 10;

/** What is wrong with a blue-green strategy (BGW §14.2). */
export function* blueGreenErrors(
  { activeService, previewService, scaleDownDelayRevisionLimit, antiAffinity }: BlueGreenStrategy,
  { revisionHistoryLimit = DEFAULT_HISTORY_LIMIT }: RolloutSpec,
): Generator<FieldError> {
  if (activeService === previewService) {
    yield invalid(
      'spec.strategy.activeService',
      activeService,
      'This rollout uses the same service for the active and preview services, but two different services are required.',
    );
  }
  if (scaleDownDelayRevisionLimit !== undefined && revisionHistoryLimit < scaleDownDelayRevisionLimit) {
    yield invalid(
      'spec.strategy.scaleDownDelayRevisionLimit',
      scaleDownDelayRevisionLimit,
      "This rollout's revision history limit can not be smaller than the rollout's scale down limit",
    );
  }
  yield* antiAffinityErrors(antiAffinity);
}
