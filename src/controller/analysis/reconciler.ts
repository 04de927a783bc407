import type { Logger } from 'pino';
import {
  assess,
  decideRun,
  type MeasurementTask,
  type RunDecision,
  type TaskResult,
} from '../../analysis/index.ts';
import {
  type AnalysisRun,
  type AnalysisRunStatus,
  AnalysisRuns,
  type Clock,
  type Decision,
  equal,
  isCompleted,
  type MetricResult,
} from '../../api/index.ts';
import { isConflict, objectKey, type Reader, splitKey, type Writer } from '../../kube/index.ts';
import { act, type RecordEvent } from '../act.ts';
import { OwnWrites } from '../own-writes.ts';
import { type PassResult, type Reconciler, type Watch, watch } from '../reconciler.ts';
import { StaleViews, staleRetryMs } from '../stale-views.ts';

export interface AnalysisReconcilerOptions {
  reader: Reader;
  writer: Writer;
  clock: Clock;
  recordEvent: RecordEvent;
  /** Takes one measurement; what goes wrong is in the result. Ends early when the signal aborts. */
  measure(run: AnalysisRun, task: MeasurementTask, signal: AbortSignal): Promise<TaskResult>;
  log?: Logger | undefined;
}

/** A measurement that was taken but could not be written, because the run had changed meanwhile. */
interface Unwritten {
  result: TaskResult;
  /** What the run knew of the metric when the measurement was taken. */
  before: MetricResult | undefined;
}

/**
 * Brings AnalysisRuns forward: takes the measurements that are due, side by side, and writes what they come to. A
 * measurement that was taken is written at most once; a crash before the write loses it.
 */
export class AnalysisReconciler implements Reconciler {
  readonly name = 'AnalysisRuns';
  readonly watches: readonly Watch[];
  readonly #options: AnalysisReconcilerOptions;
  readonly #ownWrites = new OwnWrites();
  readonly #staleViews = new StaleViews();
  readonly #unwritten = new Map<string, Unwritten[]>();
  readonly #stopping = new AbortController();

  constructor(options: AnalysisReconcilerOptions) {
    this.#options = options;
    this.watches = [
      watch(AnalysisRuns, (before, after) => {
        const { namespace, name = '' } = (after ?? before)?.metadata ?? {};
        return [objectKey(namespace, name)];
      }),
    ];
  }

  /** Gives up the measurements that are under way. */
  stop(): void {
    this.#stopping.abort();
  }

  async process(key: string): Promise<PassResult> {
    const { reader, clock } = this.#options;
    if (this.#ownWrites.behind(key, reader, clock())) return { requeueAfterMs: staleRetryMs };
    const { namespace, name } = splitKey(key);
    const run = reader.get(AnalysisRuns, namespace, name);
    if (!run) {
      this.#unwritten.delete(key);
      this.#staleViews.clear(key);
      return {};
    }
    const decision = await this.#decide(key, run);
    try {
      const wrote = await this.#act(key, run, decision);
      this.#staleViews.clear(key);
      return nextPass(decision, wrote, clock());
    } catch (error) {
      if (this.#staleViews.explains(key, error)) return { requeueAfterMs: staleRetryMs };
      throw error;
    }
  }

  async #decide(key: string, run: AnalysisRun): Promise<Decision<AnalysisRunStatus>> {
    const { clock } = this.#options;
    const kept = this.#keptResults(key, run);
    if (kept.length > 0) return assess({ run }, kept, clock());
    const decision: RunDecision = decideRun({ run }, clock());
    if (decision.measurements.length === 0) return decision;
    const results = await Promise.all(
      decision.measurements.map((task) => this.#options.measure(run, task, this.#stopping.signal)),
    );
    this.#stopping.signal.throwIfAborted();
    this.#unwritten.set(
      key,
      results.map((result) => ({ result, before: metricResult(run, result.metricName) })),
    );
    return assess({ run }, results, clock());
  }

  async #act(key: string, run: AnalysisRun, decision: Decision<AnalysisRunStatus>): Promise<boolean> {
    const { writer, clock, recordEvent, log } = this.#options;
    try {
      const acted = await act(key, { type: AnalysisRuns, object: run, statusSubresource: false }, decision, {
        writer,
        clock,
        recordEvent,
        ownWrites: this.#ownWrites,
      });
      this.#unwritten.delete(key);
      const wrote = acted.written !== undefined || acted.effects.length > 0;
      if (wrote) {
        log?.info(
          {
            namespace: run.metadata.namespace,
            analysisrun: run.metadata.name,
            generation: run.metadata.generation,
            reason: decision.because[0]?.code,
            phase: decision.status?.phase,
            effects: acted.effects,
          },
          decision.because[0]?.text ?? acted.effects[0] ?? 'status changed',
        );
      }
      return wrote;
    } catch (error) {
      // Only a refusal is certain not to have been written: after anything else the measurement may be in the run.
      if (!isConflict(error)) this.#unwritten.delete(key);
      throw error;
    }
  }

  /** The unwritten measurements whose place in the run is still free. */
  #keptResults(key: string, run: AnalysisRun): TaskResult[] {
    if (isCompleted(run.status?.phase)) return [];
    return (this.#unwritten.get(key) ?? [])
      .filter(({ result, before }) => equal(metricResult(run, result.metricName), before))
      .map(({ result }) => result);
  }
}

const metricResult = (run: AnalysisRun, name: string) =>
  run.status?.metricResults?.find((result) => result.name === name);

/** What was written comes back as a change of the cache, but perhaps before its answer: so look again soon, too. */
function nextPass({ wakeAt }: Decision<AnalysisRunStatus>, wrote: boolean, now: number): PassResult {
  const delays = [
    wakeAt === undefined ? undefined : Math.max(1, wakeAt - now),
    wrote ? staleRetryMs : undefined,
  ].filter((delay) => delay !== undefined);
  return delays.length > 0 ? { requeueAfterMs: Math.min(...delays) } : {};
}
