import type { AnalysisRun, AnalysisRunStatus, EventRecord, Instant, Measurement } from '../../api/index.ts';
import { formatTime, mergePatch } from '../../api/index.ts';
import { assess, decideRun } from '../runs/decide.ts';
import type { MeasurementTask, TaskResult } from '../runs/types.ts';

/** When the simulated clock starts. */
export const START: Instant = Date.UTC(2026, 2, 2, 9, 0, 0);

const phases = { S: 'Successful', F: 'Failed', I: 'Inconclusive', E: 'Error' } as const;

/** What a run came to on a virtual clock. */
export interface Simulated {
  run: AnalysisRun;
  status: AnalysisRunStatus;
  events: EventRecord[];
  /** `<metric>@<seconds since the start>` of each measurement. */
  measured: string[];
  passes: number;
}

/**
 * Reconciles a run until it is over, nothing wakes it any more, or `until` (seconds) has passed. Each metric's
 * measurements come from its script, one letter each: S, F, I, E; `.` leaves it unfinished for 10 s.
 */
export function simulate(
  start: AnalysisRun,
  scripts: Record<string, string>,
  { until = 3600, before }: { until?: number; before?: (run: AnalysisRun, now: Instant) => AnalysisRun } = {},
): Simulated {
  let run = start;
  let now = START;
  const left = new Map(Object.entries(scripts).map(([name, script]) => [name, [...script]]));
  const simulated: Simulated = { run, status: { phase: 'Pending' }, events: [], measured: [], passes: 0 };
  while (now <= START + until * 1000) {
    simulated.passes++;
    if (simulated.passes > 1000) throw new Error('the run does not come to rest');
    run = before?.(run, now) ?? run;
    const decided = decideRun({ run }, now);
    const results = decided.measurements.map((task) => {
      simulated.measured.push(`${task.metricName}@${(now - START) / 1000}`);
      return answer(task, left.get(task.metricName)?.shift() ?? 'S', now);
    });
    const decision = decided.measurements.length > 0 ? assess({ run }, results, now) : decided;
    run = {
      ...run,
      status: mergePatch<AnalysisRunStatus>({ phase: 'Pending' }, decision.status ?? run.status),
    };
    simulated.events.push(...decision.events);
    Object.assign(simulated, { run, status: run.status });
    if (run.status?.completedAt || decision.wakeAt === undefined) break;
    now = Math.max(now, decision.wakeAt);
  }
  return simulated;
}

function answer(
  { metricName, mode, measurement }: MeasurementTask,
  letter: string,
  now: Instant,
): TaskResult {
  const startedAt = measurement?.startedAt ?? formatTime(now);
  if (mode === 'terminate')
    return { metricName, mode, measurement: { ...measurement, phase: 'Inconclusive', startedAt } };
  const taken: Measurement =
    letter === '.'
      ? { phase: 'Running', startedAt, resumeAt: formatTime(now + 10_000) }
      : { phase: phases[letter as keyof typeof phases], startedAt, finishedAt: formatTime(now) };
  return { metricName, mode, measurement: taken };
}
