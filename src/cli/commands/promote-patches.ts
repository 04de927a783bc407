import type { Rollout } from '../../api/index.ts';
import { CliError } from '../errors.ts';

export interface PromoteOptions {
  full?: boolean;
  skipCurrentStep?: boolean;
  skipAllSteps?: boolean;
}

/** Merge patches that promote a rollout. */
export interface PromotePatches {
  /** For the status sub-resource. */
  status?: { status: Record<string, unknown> };
  /** For the object itself, after the status. */
  spec?: { spec: { paused: false } };
  /** For the object itself, instead of both, where there is no status sub-resource. */
  unified?: Record<string, unknown>;
}

/**
 * Which patches promote a rollout in this state: the table of CLI §2.2, first match wins. A rollout that is only paused
 * by hand is released and keeps its step.
 * @throws CliError when a skip flag does not fit the rollout
 */
export function promotePatches(rollout: Rollout, options: PromoteOptions): PromotePatches {
  const { spec, status = {} } = rollout;
  const steps = spec.strategy?.canary?.steps ?? [];
  refuseMisplacedSkip(rollout, options);

  const index = steps.length > 0 ? (status.currentStepIndex ?? 0) : undefined;
  const next = index === undefined ? undefined : Math.min(index + 1, steps.length);
  const unpause = spec.paused ? ({ spec: { paused: false } } as const) : undefined;
  const release = { spec: { paused: false } } as const;
  const isPausedByController = (status.pauseConditions ?? []).length > 0;

  if (options.skipCurrentStep) return same({ status: { currentStepIndex: next } });
  if (options.skipAllSteps) return same({ status: { currentStepIndex: steps.length } });
  if (options.full) {
    const promoteFull = status.currentPodHash !== status.stableRS;
    return {
      ...(promoteFull && { status: { status: { promoteFull: true } } }),
      ...(unpause && { spec: unpause }),
      unified: { ...release, status: { promoteFull: true } },
    };
  }
  if (isPausedByController) {
    const isInconclusive = status.canary?.currentStepAnalysisRunStatus?.status === 'Inconclusive';
    const skip = isInconclusive && status.controllerPause && next !== undefined;
    return {
      status: {
        status: {
          pauseConditions: null,
          ...(skip && { controllerPause: false, currentStepIndex: next }),
        },
      },
      ...(unpause && { spec: unpause }),
      unified: { ...release, status: { pauseConditions: null } },
    };
  }
  if (unpause) return { spec: unpause };
  if (next === undefined) return {};
  const patch = { status: { pauseConditions: null, currentStepIndex: next } };
  return { status: patch, unified: { ...release, ...patch } };
}

function same(status: { status: Record<string, unknown> }): PromotePatches {
  return { status, unified: status };
}

function refuseMisplacedSkip({ spec }: Rollout, options: PromoteOptions): void {
  if (!options.skipCurrentStep && !options.skipAllSteps) return;
  if (spec.strategy?.blueGreen) {
    throw new CliError('Cannot skip steps of a bluegreen rollout. Run without a flags');
  }
  if ((spec.strategy?.canary?.steps ?? []).length === 0) {
    throw new CliError('Cannot skip steps of a rollout without steps');
  }
}
