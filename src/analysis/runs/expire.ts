import { type AnalysisRun, AnalysisRuns, type Decision, type Instant, parseTime } from '../../api/index.ts';

type Expiry = Pick<Decision<never>, 'effects' | 'because' | 'wakeAt'>;

/** Deletes a completed run when its time is up, or says when that is (ANA §4.12). */
export function decideExpiry(run: AnalysisRun, now: Instant): Expiry {
  const seconds = secondsToLive(run);
  const completedAt = parseTime(run.status?.completedAt);
  const because = [{ code: 'Completed', text: `the run is over: ${run.status?.phase}` }];
  if (seconds === undefined || completedAt === undefined) return { effects: [], because };

  const expiresAt = completedAt + (seconds + 1) * 1000;
  if (now < expiresAt) {
    const text = `the run is kept for ${seconds} s after its completion at ${run.status?.completedAt}`;
    return { effects: [], because: [...because, { code: 'TtlRemaining', text }], wakeAt: expiresAt };
  }
  const name = run.metadata.name ?? '';
  return {
    effects: [
      {
        kind: 'delete',
        what: `delete AnalysisRun ${name}, whose time to live is over`,
        ref: { type: AnalysisRuns, namespace: run.metadata.namespace, name },
        uid: run.metadata.uid,
        propagationPolicy: 'Background',
      },
    ],
    because: [...because, { code: 'TtlExpired', text: `${seconds} s have passed since the run completed` }],
  };
}

/** Error and Inconclusive only know `secondsAfterCompletion` (ANA-050). */
function secondsToLive({ spec: { ttlStrategy }, status }: AnalysisRun): number | undefined {
  const specific =
    status?.phase === 'Successful'
      ? ttlStrategy?.secondsAfterSuccess
      : status?.phase === 'Failed'
        ? ttlStrategy?.secondsAfterFailure
        : undefined;
  return specific ?? ttlStrategy?.secondsAfterCompletion;
}
