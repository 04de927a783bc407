import type { MeasurementTask, TaskResult } from '../../src/analysis/index.ts';
import {
  type AnalysisRun,
  formatTime,
  POD_TEMPLATE_HASH_LABEL,
  ReplicaSets,
  Rollouts,
} from '../../src/api/index.ts';
import { AnalysisReconciler, RolloutReconciler } from '../../src/controller/index.ts';
import {
  type Fault,
  FaultInjector,
  type ModelCacheOptions,
  ModelCluster,
  type ModelStore,
  Simulation,
} from '../../src/simulation/index.ts';
import { endState } from './end-state.ts';
import { Invariants } from './invariants.ts';
import { images, name, namespace } from './objects.ts';
import { type Scenario, stateOf } from './scenarios.ts';

/** What came of a scenario. */
export interface Outcome {
  end: unknown;
  /** Writes of the controller. */
  writes: readonly string[];
  passes: number;
  faultFired: boolean;
  /** What the controller did after the end, for as long as that was watched. */
  afterwards: { writes: number; passes: number };
}

const start = Date.parse('2026-01-01T00:00:00Z');

export interface RunOptions extends ModelCacheOptions {
  fault?: Fault;
  /** How often all is looked at again. Default: as the controller does, each 15 min. */
  resyncMs?: number;
}

/** A scenario at its beginning. */
export interface Stage {
  cluster: ModelCluster;
  simulation: Simulation;
  faults: FaultInjector;
  invariants: Invariants;
  /** What the controller has written, in words. */
  writes: string[];
}

/** Sets a scenario up; its invariants are checked whenever something changes. */
export function setStage(scenario: Scenario, { fault, resyncMs, ...cache }: RunOptions = {}): Stage {
  const cluster = new ModelCluster({ start });
  const { store } = cluster;
  for (const { type, object } of scenario.objects) store.put(type, object);
  store.put(Rollouts, scenario.rollout);

  const writes: string[] = [];
  const invariants = new Invariants(store, scenario);
  const faults = new FaultInjector(fault);
  const simulation = new Simulation({
    cluster,
    faults,
    cache,
    ...(resyncMs !== undefined && { resyncMs }),
    onWrite: (description) => writes.push(description),
    onChange: () => invariants.check(),
    startController: (environment) => [
      new RolloutReconciler({ ...environment, settings: {} }),
      new AnalysisReconciler({
        ...environment,
        measure: async (run, task) => {
          invariants.measured(run, task);
          return measureImage(store, run, task, cluster.now);
        },
      }),
    ],
  });
  return { cluster, simulation, faults, invariants, writes };
}

/** Runs a scenario to its end, with a fault where one is wanted. Throws when an invariant does not hold on the way. */
export async function runScenario(
  scenario: Scenario,
  {
    watchFor = 0,
    ...options
  }: RunOptions & {
    /** Goes on for so long after the end, to see that nothing happens. */
    watchFor?: number;
  } = {},
): Promise<Outcome> {
  const { cluster, simulation, faults, invariants, writes } = setStage(scenario, options);
  const { store } = cluster;
  for (const act of scenario.script) {
    await simulation.until(act.when, () => act.is(stateOf(store)));
    act.do(store);
    invariants.userHasActed();
  }
  await simulation.until(scenario.end.what, () => scenario.end.is(stateOf(store)));
  // Long enough for every delay, so that what is compared is the state in which all comes to rest.
  await simulation.advanceTo(simulation.now + 120_000);
  if (!scenario.end.is(stateOf(store))) throw new Error(`not for good: ${scenario.end.what}`);
  const { writes: written, passes } = simulation;
  const end = endState(store);
  if (watchFor > 0) await simulation.advanceTo(simulation.now + watchFor);

  return {
    end,
    writes,
    afterwards: { writes: simulation.writes - written, passes: simulation.passes - passes },
    passes,
    faultFired: faults.fired,
  };
}

/** Answers as the first story's Service would: badly as soon as a pod of the bad image runs. */
function measureImage(store: ModelStore, run: AnalysisRun, task: MeasurementTask, now: number): TaskResult {
  const hash = run.metadata.labels?.[POD_TEMPLATE_HASH_LABEL] ?? '';
  const replicaSet = store.get(ReplicaSets, namespace, `${name}-${hash}`);
  const bad =
    replicaSet?.spec?.template?.spec?.containers[0]?.image === images.black &&
    (replicaSet.status?.availableReplicas ?? 0) > 0;
  const time = formatTime(now);
  return {
    metricName: task.metricName,
    mode: task.mode,
    measurement: {
      phase: bad ? 'Failed' : 'Successful',
      value: bad ? '"nok"' : '"ok"',
      startedAt: time,
      finishedAt: time,
    },
  };
}
