import { formatTime, type RolloutStatus } from '../../api/index.ts';
import { findCondition, ROLLOUT_PAUSED, removeCondition, setCondition } from '../conditions.ts';
import { compact, counters } from '../counters.ts';
import { nextDuration } from '../duration.ts';
import type { Outcome } from '../outcome.ts';
import { nextPauses, type PauseChange, reportPauses } from '../pause.ts';
import { phaseOf } from '../phase.ts';
import { madeProgress, progressDeadline } from '../progress.ts';
import { nameOf, revisionOf, scaleDownDeadlineOf } from '../replicasets.ts';
import { rolloutConditions } from '../status-conditions.ts';
import type { AnalysisResult } from './analysis.ts';
import { isStepComplete } from './completion.ts';
import type { CanaryContext } from './context.ts';
import { pauseProgress } from './pause-step.ts';
import { promotionReason } from './promotion.ts';
import { isFrozen } from './scaling.ts';
import { stepText } from './steps.ts';
import type { TrafficResult } from './traffic.ts';

/** What the stages of a pass have found, as far as the status says so. */
export interface Findings {
  traffic: TrafficResult;
  analysis: AnalysisResult;
  restartedAt: string | undefined;
  /** Sizes change in this pass, so a pause step does not begin yet. */
  scaled: boolean;
}

/** The status after a pass (CAN §4.5 S3 to S7): promoted, aborted, a step further, or as it was with new counters. */
export function nextStatus(context: CanaryContext, findings: Findings, outcome: Outcome): RolloutStatus {
  const { status, steps, hash } = context;
  const cause = findings.analysis.abort ?? deadlineAbort(context);
  const lastStep = steps.length > 0 ? steps.length : undefined;

  const promoted = promotionReason(context, findings.traffic, cause !== undefined, outcome);
  if (promoted) {
    if (status.stableRS !== hash) {
      const update = `Rollout completed update to revision ${revisionOf(context.newRS)} (${hash})`;
      outcome.event('Normal', 'RolloutCompleted', `${update}: ${promoted}`);
      outcome.because('Promoted', `ReplicaSet ${nameOf(context.newRS)} is the stable one now: ${promoted}.`);
    } else {
      outcome.because('FullyPromoted', `ReplicaSet ${nameOf(context.newRS)} is the stable one and complete.`);
    }
    if (context.spec.paused)
      outcome.because('PausedManually', 'The next update will wait: spec.paused is true.');
    return finish(context, findings, outcome, {
      fields: { stableRS: hash, currentStepIndex: lastStep },
      pauses: { clear: true },
    });
  }
  if (context.aborted || cause !== undefined) {
    const index = context.newIsStable ? lastStep : steps.length > 0 ? 0 : undefined;
    return finish(context, findings, outcome, {
      fields: {
        currentStepIndex: index,
        abort: true,
        abortedAt: status.abortedAt ?? formatTime(context.now),
      },
      pauses: { clear: true },
      cause,
    });
  }
  const fields: RolloutStatus = {
    currentStepIndex: lastStep === undefined ? undefined : context.stepIndex,
    promoteFull: status.promoteFull,
  };
  if (context.fastTracked) return finish(context, findings, outcome, { fields, pauses: { clear: true } });

  if (isStepComplete(context, findings.traffic, findings.analysis, outcome) && context.step) {
    const done = `Rollout step ${context.stepIndex + 1}/${steps.length} completed (${stepText(context.step)})`;
    outcome.event('Normal', 'RolloutStepCompleted', done);
    outcome.because('StepCompleted', `${done}.`);
    const analysis = { ...findings.analysis, step: undefined };
    return finish(context, { ...findings, analysis }, outcome, {
      fields: { ...fields, currentStepIndex: context.stepIndex + 1 },
      pauses: { remove: ['CanaryPauseStep'] },
    });
  }
  const begins = !findings.scaled && !isFrozen(context) && pauseProgress(context).kind === 'begins';
  return finish(context, findings, outcome, {
    fields,
    pauses: {
      add: [
        ...(findings.analysis.inconclusive ? (['InconclusiveAnalysisRun'] as const) : []),
        ...(begins ? (['CanaryPauseStep'] as const) : []),
      ],
    },
  });
}

/** A new template, or other steps: everything about the update starts over (CAN §4.5 S2). */
export function resetStatus(context: CanaryContext, outcome: Outcome): RolloutStatus {
  const { status, steps, spec } = context;
  let currentStepIndex: number | undefined = steps.length > 0 ? 0 : undefined;
  const skips = context.newIsStable
    ? 'Rollback to stable ReplicaSets'
    : context.withinRollbackWindow && (context.newRS.spec?.replicas ?? 0) > 0
      ? 'Rollback to active ReplicaSets within RollbackWindow'
      : undefined;
  if (skips && steps.length > 0) {
    currentStepIndex = steps.length;
    outcome.event('Normal', 'SkipSteps', skips);
  }
  outcome.because(
    'Reset',
    skips ?? `The template or the steps have changed: the update to ${nameOf(context.newRS)} begins.`,
  );
  const findings: Findings = {
    traffic: { weights: status.canary?.weights, error: undefined },
    analysis: { step: undefined, background: undefined, abort: undefined, inconclusive: false },
    restartedAt: spec.restartAt ?? status.restartedAt,
    scaled: false,
  };
  return finish(context, findings, outcome, {
    fields: { currentStepIndex },
    pauses: { clear: true },
    reset: true,
  });
}

/** The status of a pass in which only sizes follow `spec.replicas` (CAN §4.3). */
export function scalingStatus(context: CanaryContext): RolloutStatus {
  return compact({ ...context.status, ...counters(context) });
}

interface Ending {
  /** What this pass decides about the course of the update; other such fields are cleared. */
  fields: Pick<RolloutStatus, 'stableRS' | 'currentStepIndex' | 'abort' | 'abortedAt' | 'promoteFull'>;
  pauses: PauseChange;
  /** Why it is aborted, if it is in this pass. */
  cause?: string | undefined;
  reset?: boolean;
}

/** Pauses, conditions, duration and phase, which follow from the rest (CAN §4.5 S7). */
function finish(context: CanaryContext, findings: Findings, outcome: Outcome, ending: Ending): RolloutStatus {
  const { status, rollout, spec, now, hash, newRS } = context;
  const aborted = ending.fields.abort === true;
  const pauses = nextPauses(status, ending.pauses, now);
  if (!ending.reset) reportPauses(status, pauses, aborted, outcome);
  const { traffic, analysis } = findings;
  const next: RolloutStatus = {
    ...counters(context),
    currentPodHash: hash,
    currentStepHash: context.stepsHash,
    stableRS: status.stableRS,
    collisionCount: status.collisionCount,
    ...ending.fields,
    pauseConditions: [...pauses.conditions],
    controllerPause: pauses.controllerPause,
    restartedAt: findings.restartedAt,
    observedGeneration: String(rollout.metadata.generation),
    canary: {
      ...(traffic.weights && { weights: traffic.weights }),
      ...(analysis.step && !aborted && { currentStepAnalysisRunStatus: analysis.step }),
      ...(analysis.background && !aborted && { currentBackgroundAnalysisRunStatus: analysis.background }),
      ...(status.canary?.stablePingPong && { stablePingPong: status.canary.stablePingPong }),
    },
  };
  const deadlineApplies =
    !context.step?.pause && !context.step?.analysis && !context.step?.experiment && !waitsForDelay(context);
  next.conditions = rolloutConditions(context, next, outcome, {
    aborted: aborted ? abortMessage(context, ending.cause) : undefined,
    isLastStep: context.steps.length === 0 || next.currentStepIndex === context.steps.length,
    refresh: ending.reset === true,
    deadlineApplies,
  });
  if (aborted && findCondition(next, 'Paused')?.status === 'True') {
    next.conditions = setCondition(
      next.conditions,
      { type: 'Paused', status: 'False', reason: ROLLOUT_PAUSED, message: 'Rollout is paused' },
      now,
    );
  }
  next.conditions = traffic.error
    ? setCondition(
        next.conditions,
        { type: 'TrafficRouting', status: 'False', reason: 'TrafficRoutingError', message: traffic.error },
        now,
      )
    : removeCondition(next.conditions, 'TrafficRouting');
  next.duration = nextDuration(status.duration, {
    now,
    started: ending.reset === true,
    rolledBack: ending.reset === true && context.newIsStable && status.duration?.finishedAt === undefined,
    aborted,
    complete: next.stableRS === hash && (newRS.status?.availableReplicas ?? 0) >= context.replicas,
    fast: context.fastTracked,
    pausedManually: isWaitingForAPerson(context, next),
  });
  const { phase, message } = phaseOf(spec, next, now);
  return compact({ ...next, phase, message });
}

function abortMessage({ newRS }: CanaryContext, cause: string | undefined): string {
  return `Rollout aborted update to revision ${revisionOf(newRS)}${cause ? `: ${cause}` : ''}`;
}

/** A timed pause is part of the plan; all others wait for somebody. */
function isWaitingForAPerson({ spec, step }: CanaryContext, next: RolloutStatus): boolean {
  return (
    Boolean(spec.paused) ||
    (next.pauseConditions ?? []).some(
      ({ reason }) => reason !== 'CanaryPauseStep' || step?.pause?.duration === undefined,
    )
  );
}

/** Old pods that are kept on purpose are no lack of progress (CAN-105). */
function waitsForDelay({ otherRSs }: CanaryContext): boolean {
  return otherRSs.some((rs) => scaleDownDeadlineOf(rs) !== undefined);
}

/** The cause when `progressDeadlineAbort` ends an update that stands still (CAN §9). */
function deadlineAbort(context: CanaryContext): string | undefined {
  const { spec, status, now, newRS, step } = context;
  if (!spec.progressDeadlineAbort || context.fullyPromoted || context.aborted || !status.stableRS)
    return undefined;
  if (step?.pause || step?.analysis || step?.experiment || waitsForDelay(context)) return undefined;
  const next = {
    ...status,
    ...counters(context),
    currentStepHash: context.stepsHash,
  };
  if (madeProgress(status, next)) return undefined;
  const deadline = progressDeadline(spec, status);
  if (deadline === undefined || now < deadline) return undefined;
  return `ReplicaSet "${nameOf(newRS)}" has timed out progressing.`;
}
