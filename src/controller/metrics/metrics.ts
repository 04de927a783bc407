import { Counter, collectDefaultMetrics, type Gauge, Histogram, Registry } from 'prom-client';
import {
  type EventRecord,
  type Instant,
  type Rollout,
  type RolloutStatus,
  Rollouts,
} from '../../api/index.ts';
import { type Reader, splitKey } from '../../kube/index.ts';
import type { EventSubject } from '../act.ts';
import type { Pass, Worker } from '../worker.ts';
import { finishedAttempt } from './attempts.ts';
import { describe, describeObjects } from './gauges.ts';
import type { RequestLabels } from './requests.ts';

const reconcileBuckets = [0.01, 0.15, 0.25, 0.5, 1];
const object = ['namespace', 'name'] as const;
/** The series of an object that is gone stay so long, so that they are scraped once more (OPS-052). */
const keptAfterDeletionMs = 65_000;

/** Which metrics the passes of a queue are counted in. */
const passMetrics: Readonly<Record<string, string>> = {
  Rollouts: 'rollout_reconcile',
  AnalysisRuns: 'analysis_run_reconcile',
};

export interface MetricsOptions {
  version: string;
  clock: () => Instant;
  reader: Reader;
}

/** The metrics of one controller (OPS §8). Gauges of objects are read from the caches when they are asked for. */
export class ControllerMetrics {
  readonly registry = new Registry();
  readonly #options: MetricsOptions;
  readonly #passes = new Map<string, { seconds: Histogram; errors: Counter }>();
  readonly #events: Counter;
  readonly #durations: { total: Histogram; progression: Histogram; manualPause: Histogram };
  readonly #requests: Counter;
  readonly #queueAdds: Counter;
  readonly #queueWork: Histogram;
  readonly #removals = new Map<string, NodeJS.Timeout>();
  #workers: readonly Worker[] = [];

  constructor(options: MetricsOptions) {
    this.#options = options;
    const { registry } = this;
    collectDefaultMetrics({ register: registry });
    for (const [queue, name] of Object.entries(passMetrics)) {
      this.#passes.set(queue, {
        seconds: this.#histogram(
          name,
          'Seconds that a pass took, failed ones too.',
          object,
          reconcileBuckets,
        ),
        errors: this.#counter(`${name}_error`, 'Passes that failed.', object),
      });
    }
    this.#events = this.#counter('rollout_events_total', 'Events about Rollouts.', [
      ...object,
      'type',
      'reason',
    ]);
    this.#durations = {
      total: this.#histogram(
        'rollout_duration_seconds',
        'Time from the start of an update to its end.',
        ['status'],
        [30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800],
      ),
      progression: this.#histogram(
        'rollout_progression_duration_seconds',
        'The same without manual pauses.',
        ['status'],
        [30, 60, 120, 300, 600, 900, 1800, 3600],
      ),
      manualPause: this.#histogram(
        'rollout_manual_pause_duration_seconds',
        'Time that an update waited for a person.',
        ['status'],
        [0, 60, 300, 600, 1800, 3600, 7200, 14400, 28800],
      ),
    };
    this.#requests = this.#counter('controller_clientset_k8s_request_total', 'Requests to the API server.', [
      'kind',
      'namespace',
      'name',
      'verb',
      'status_code',
    ]);
    this.#queueAdds = this.#counter('workqueue_adds_total', 'Keys added to a queue.', ['name']);
    this.#queueWork = this.#histogram(
      'workqueue_work_duration_seconds',
      'Seconds that a key was worked on.',
      ['name'],
      [1e-3, 1e-2, 0.1, 1, 10, 60],
    );
    this.#describeProcess();
    this.#describeQueues();
    describeObjects(registry, options.reader);
  }

  /** The queues whose state is shown. */
  watch(workers: readonly Worker[]): void {
    this.#workers = workers;
  }

  readonly onRequest = (labels: RequestLabels): void => this.#requests.inc({ ...labels });

  readonly onAdd = (queue: string): void => this.#queueAdds.inc({ name: queue });

  readonly onPass = ({ queue, key, seconds, error }: Pass): void => {
    this.#queueWork.observe({ name: queue }, seconds);
    const metrics = this.#passes.get(queue);
    const { namespace = '', name } = splitKey(key);
    metrics?.seconds.observe({ namespace, name }, seconds);
    if (error !== undefined) metrics?.errors.inc({ namespace, name });
  };

  countEvent({ kind, metadata }: EventSubject, { type, reason, about }: EventRecord): void {
    if (kind !== Rollouts.kind || about) return;
    this.#events.inc({ namespace: metadata?.namespace ?? '', name: metadata?.name ?? '', type, reason });
  }

  /** Call after the write has succeeded: each attempt is observed once. */
  readonly onStatusWritten = (before: Rollout, after: RolloutStatus): void => {
    const attempt = finishedAttempt(before, after, this.#options.clock());
    if (!attempt) return;
    const { status, totalSeconds, manualPauseSeconds } = attempt;
    this.#durations.total.observe({ status }, totalSeconds);
    this.#durations.progression.observe({ status }, Math.max(0, totalSeconds - manualPauseSeconds));
    this.#durations.manualPause.observe({ status }, manualPauseSeconds);
  };

  /** An object has come into being: its series stay. */
  added(queue: string, key: string): void {
    clearTimeout(this.#removals.get(`${queue} ${key}`));
    this.#removals.delete(`${queue} ${key}`);
  }

  /** An object is gone: its series go a little later. */
  deleted(queue: string, key: string): void {
    this.added(queue, key);
    const timer = setTimeout(() => {
      this.#removals.delete(`${queue} ${key}`);
      this.#forget(queue, key);
    }, keptAfterDeletionMs);
    timer.unref();
    this.#removals.set(`${queue} ${key}`, timer);
  }

  stop(): void {
    for (const timer of this.#removals.values()) clearTimeout(timer);
    this.#removals.clear();
    this.registry.clear();
  }

  async #forget(queue: string, key: string): Promise<void> {
    const { namespace = '', name } = splitKey(key);
    const metrics = this.#passes.get(queue);
    metrics?.seconds.remove({ namespace, name });
    metrics?.errors.remove({ namespace, name });
    if (queue !== 'Rollouts') return;
    for (const { labels } of (await this.#events.get()).values) {
      if (labels.namespace === namespace && labels.name === name) this.#events.remove(labels);
    }
  }

  #describeProcess(): void {
    const { version } = this.#options;
    describe(this.registry, 'argo_rollouts_controller_info', 'Running controller.', ['version'], (gauge) =>
      gauge.set({ version }, 1),
    );
    describe(
      this.registry,
      'build_info',
      'What is running.',
      ['version', 'goversion', 'goarch', 'commit'],
      (gauge) =>
        gauge.set(
          {
            version,
            goversion: `node${process.versions.node}`,
            goarch: process.arch === 'x64' ? 'amd64' : process.arch,
            commit: '',
          },
          1,
        ),
    );
  }

  #describeQueues(): void {
    const each = (value: (worker: Worker) => number) => (gauge: Gauge) => {
      for (const worker of this.#workers) gauge.set({ name: worker.name }, value(worker));
    };
    describe(
      this.registry,
      'workqueue_depth',
      'Keys that wait.',
      ['name'],
      each(({ depth }) => depth),
    );
    describe(
      this.registry,
      'workqueue_active',
      'Keys that are worked on.',
      ['name'],
      each(({ active }) => active),
    );
    const retries = this.#counter('workqueue_retries_total', 'Passes that were repeated.', ['name'], () => {
      retries.reset();
      for (const worker of this.#workers) retries.inc({ name: worker.name }, worker.retries);
    });
  }

  #counter(name: string, help: string, labelNames: readonly string[], collect?: () => void): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry], ...(collect && { collect }) });
  }

  #histogram(
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets: readonly number[],
  ): Histogram {
    return new Histogram({
      name,
      help,
      labelNames,
      buckets: [...buckets],
      registers: [this.registry],
    });
  }
}
