import { type AnalysisRun, type AnalysisRunRef, STEP_INDEX_LABEL } from '../../api/index.ts';
import { createAnalysisRun, terminateAnalysisRun } from '../effects.ts';
import type { Outcome } from '../outcome.ts';
import { isOver, ownedRuns, prepareRun, pruneRuns, type WantedRun } from '../runs.ts';
import type { CanaryContext } from './context.ts';

/** What the runs say about the update. */
export interface AnalysisResult {
  step: AnalysisRunRef | undefined;
  background: AnalysisRunRef | undefined;
  /** Why the update is to be aborted. */
  abort: string | undefined;
  /** A run cannot tell: wait for a person. */
  inconclusive: boolean;
}

/** A run that could not be made is tried again after this. */
const RETRY_MS = 20_000;

/** Starts, follows and ends the analysis of the update (ANA §7). */
export function reconcileAnalysis(context: CanaryContext, outcome: Outcome): AnalysisResult {
  const result: AnalysisResult = {
    step: undefined,
    background: undefined,
    abort: undefined,
    inconclusive: false,
  };
  const runs = ownedRuns(context);
  const current = new Set<string>();
  if (isJudged(context)) {
    result.step = follow(stepRun(context), context.status.canary?.currentStepAnalysisRunStatus);
    result.background = follow(
      backgroundRun(context),
      context.status.canary?.currentBackgroundAnalysisRunStatus,
    );
  }
  for (const run of runs) {
    if (current.has(run.metadata.name ?? '') || isOver(run) || run.spec.terminate) continue;
    if (!run.metadata.deletionTimestamp) outcome.effect(terminateAnalysisRun(run));
  }
  pruneRuns(context, current, outcome);
  return result;

  function follow(
    wanted: WantedRun | undefined,
    previous: AnalysisRunRef | undefined,
  ): AnalysisRunRef | undefined {
    if (!wanted) return undefined;
    const run = currentRun(wanted, previous) ?? startRun(wanted);
    if (!run) return undefined;
    current.add(run.metadata.name ?? '');
    const reference = referenceTo(run);
    reportChange(wanted, reference, previous, run);
    judge(wanted, reference);
    return reference;
  }

  /** The run named in the status, unless a person has resumed after it was inconclusive: then another is due. */
  function currentRun(wanted: WantedRun, previous: AnalysisRunRef | undefined): AnalysisRun | undefined {
    const run = previous && runs.find(({ metadata }) => metadata.name === previous.name);
    if (!run) return undefined;
    if (
      wanted.stepIndex !== undefined &&
      run.metadata.labels?.[STEP_INDEX_LABEL] !== String(wanted.stepIndex)
    ) {
      return undefined;
    }
    const resumed = context.status.controllerPause && !context.status.pauseConditions?.length;
    return resumed && run.status?.phase === 'Inconclusive' ? undefined : run;
  }

  function startRun(wanted: WantedRun): AnalysisRun | undefined {
    if (wanted.kind === 'Step' && context.status.pauseConditions?.length) return undefined;
    const prepared = prepareRun(context, wanted);
    if ('error' in prepared) {
      outcome.event('Warning', 'ReconciliationError', `Reconciliation failed with error: ${prepared.error}`);
      outcome.because('AnalysisRunNotCreated', prepared.error);
      outcome.wakeAt(context.now + RETRY_MS);
      return undefined;
    }
    if (!prepared.exists) outcome.effect(createAnalysisRun(prepared.run));
    return prepared.run;
  }

  function reportChange(
    { kind }: WantedRun,
    { name, status }: AnalysisRunRef,
    previous: AnalysisRunRef | undefined,
    run: AnalysisRun,
  ): void {
    if (!run.status?.phase || (previous && (previous.name !== name || previous.status === status))) return;
    outcome.event(
      status === 'Failed' || status === 'Error' ? 'Warning' : 'Normal',
      `AnalysisRun${status}`,
      `${kind} Analysis Run '${name}' Status New: '${status}' Previous: '${previous?.status ?? 'NoPreviousStatus'}'`,
    );
  }

  function judge({ kind }: WantedRun, { name, status, message }: AnalysisRunRef): void {
    if (status === 'Inconclusive') {
      result.inconclusive = true;
      outcome.because(
        'AnalysisInconclusive',
        `AnalysisRun ${name} is inconclusive; a person has to resume or abort.`,
      );
    } else if (status === 'Failed' || status === 'Error') {
      const cause = kind === 'Step' ? 'Step-based' : 'Background';
      result.abort ??= `${cause} analysis phase error/failed${message ? `: ${message}` : ''}`;
    } else if (status !== 'Successful' && kind === 'Step') {
      outcome.because(
        'WaitingForAnalysis',
        `Step ${context.stepIndex} waits for AnalysisRun ${name} (${status}).`,
      );
    }
  }
}

/** Whether there is an update to judge (ANA §7.4). */
function isJudged(context: CanaryContext): boolean {
  return (
    context.stableRS !== undefined &&
    !context.fullyPromoted &&
    !context.newIsStable &&
    !context.aborted &&
    !context.fastTracked
  );
}

function stepRun({ step, stepIndex }: CanaryContext): WantedRun | undefined {
  if (!step?.analysis?.templates?.length) return undefined;
  return { kind: 'Step', analysis: step.analysis, suffix: String(stepIndex), stepIndex };
}

function backgroundRun({ canary, steps, stepIndex }: CanaryContext): WantedRun | undefined {
  const analysis = canary.analysis;
  if (!analysis?.templates?.length) return undefined;
  if (steps.length > 0 && stepIndex < (analysis.startingStep ?? 0)) return undefined;
  return { kind: 'Background', analysis, suffix: '' };
}

function referenceTo({ metadata, status }: AnalysisRun): AnalysisRunRef {
  return {
    name: metadata.name ?? '',
    status: status?.phase || 'Pending',
    ...(status?.message && { message: status.message }),
  };
}
