import {
  AnalysisRuns,
  AnalysisTemplates,
  ClusterAnalysisTemplates,
  Experiments,
  Ingresses,
  Pods,
  ReplicaSets,
  type ResourceType,
  Rollouts,
  Services,
} from '../api/index.ts';
import { createEventRecorder, type Informer, keyOf } from '../kube/index.ts';
import type { RecordEvent } from './act.ts';
import { createMeasuring } from './analysis/measure.ts';
import { AnalysisReconciler } from './analysis/reconciler.ts';
import type { InformerCache } from './cache.ts';
import type { ControllerMetrics } from './metrics/metrics.ts';
import type { ControllerOptions } from './options.ts';
import { RolloutReconciler } from './rollouts/reconciler.ts';
import { Worker } from './worker.ts';

/** The workers of a controller that works. */
export interface Team {
  workers: readonly Worker[];
  /** Finishes the passes that are under way, and writes the events that are waiting. */
  stop(): Promise<void>;
}

const defaultThreads = { rollouts: 10, analysis: 30 };
/** Also the source of the Events (OPS-056). */
const component = 'rollouts-controller';

/** The types whose caches must be filled before work begins. */
export function watchedTypes(cache: InformerCache): ResourceType[] {
  const types: ResourceType[] = [
    Rollouts,
    ReplicaSets,
    Pods,
    AnalysisRuns,
    AnalysisTemplates,
    ClusterAnalysisTemplates,
    Experiments,
    Services,
    Ingresses,
  ];
  return types.filter((type) => cache.covers(type));
}

export function startTeam(
  options: ControllerOptions & { cache: InformerCache; metrics: ControllerMetrics },
): Team {
  const { client, clock, log, cache, metrics, instanceId } = options;
  const recorder = createEventRecorder(client, { component, clock, log });
  const recordEvent: RecordEvent = (about, event) => {
    metrics.countEvent(about, event);
    recorder.record(about, event);
  };
  const common = { reader: cache, writer: client, clock, recordEvent, log };
  const rollouts = new RolloutReconciler({
    ...common,
    live: client,
    settings: { instanceId },
    onStatusWritten: metrics.onStatusWritten,
  });
  const measuring = createMeasuring(options);
  const analysis = new AnalysisReconciler({ ...common, measure: measuring.measure });

  const workerOptions = { cache, clock, log, onAdd: metrics.onAdd, onPass: metrics.onPass };
  const workers = [
    new Worker(rollouts, {
      ...workerOptions,
      concurrency: options.rolloutThreads ?? defaultThreads.rollouts,
    }),
    new Worker(analysis, {
      ...workerOptions,
      concurrency: options.analysisThreads ?? defaultThreads.analysis,
    }),
  ];
  metrics.watch(workers);
  const unsubscribe = [
    followLives(rollouts.name, cache.informer(Rollouts), metrics),
    followLives(analysis.name, cache.informer(AnalysisRuns), metrics),
  ];

  return {
    workers,
    async stop() {
      for (const end of unsubscribe) end();
      analysis.stop();
      await Promise.all(workers.map((worker) => worker.stop()));
      metrics.watch([]);
      await measuring.close();
      await recorder.flush();
    },
  };
}

/** Lets the metrics know which objects there are. */
function followLives(queue: string, informer: Pick<Informer, 'subscribe'>, metrics: ControllerMetrics) {
  return informer.subscribe({
    added: (object) => metrics.added(queue, keyOf(object)),
    deleted: (object) => metrics.deleted(queue, keyOf(object)),
  });
}
