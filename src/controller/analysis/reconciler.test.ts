import { describe, expect, it } from 'vitest';
import type { MeasurementTask, TaskResult } from '../../analysis/index.ts';
import { type AnalysisRun, AnalysisRuns, formatTime, type Metric } from '../../api/index.ts';
import {
  type ControllerEnvironment,
  FaultInjector,
  type FaultKind,
  ModelCluster,
  Simulation,
  type SimulationOptions,
} from '../../simulation/index.ts';
import { AnalysisReconciler } from './reconciler.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

const metric = (fields: Partial<Metric> = {}): Metric => ({
  name: 'm',
  interval: '5s',
  count: 3,
  provider: { web: { url: 'http://x/' } },
  ...fields,
});

const newRun = (...metrics: Metric[]): AnalysisRun => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  metadata: { namespace: 'ns', name: 'run' },
  spec: { metrics },
});

function simulate(
  run: AnalysisRun,
  options: Partial<SimulationOptions> = {},
  onMeasure: () => void | Promise<void> = () => {},
) {
  const cluster = new ModelCluster({ start });
  cluster.store.put(AnalysisRuns, run);
  const measured: string[] = [];
  const simulation = new Simulation({
    cluster,
    startController: ({ reader, writer, clock, recordEvent }: ControllerEnvironment) => [
      new AnalysisReconciler({
        reader,
        writer,
        clock,
        recordEvent,
        async measure(_run: AnalysisRun, task: MeasurementTask): Promise<TaskResult> {
          measured.push(`${task.metricName} ${(cluster.now - start) / 1000}`);
          await onMeasure();
          const time = formatTime(clock());
          return {
            metricName: task.metricName,
            mode: task.mode,
            measurement: { phase: 'Successful', startedAt: time, finishedAt: time, value: '1' },
          };
        },
      }),
    ],
    ...options,
  });
  const status = () => cluster.store.get(AnalysisRuns, 'ns', 'run')?.status;
  return { cluster, simulation, measured, status };
}

describe('AnalysisReconciler', () => {
  it('ANA-030 measures at once, then each interval after the end of the last, and wakes exactly then', async () => {
    const { cluster, simulation, measured, status } = simulate(newRun(metric()));
    await simulation.until('over', () => status()?.phase === 'Successful');
    expect(measured[0]).toBe('m 0');
    expect(measured).toHaveLength(3);
    // Times in the status are whole seconds, and the interval must have passed: 5 s and the next look after that.
    expect((cluster.now - start) / 1000).toBeLessThan(12);
    expect(status()?.metricResults?.[0]).toMatchObject({ count: 3, successful: 3 });
  });

  it('takes the measurements of several metrics side by side', async () => {
    const both = Promise.withResolvers<void>();
    let underWay = 0;
    const { simulation, status, measured } = simulate(
      newRun(metric({ name: 'a', count: 1 }), metric({ name: 'b', count: 1 })),
      {},
      () => {
        underWay++;
        if (underWay === 2) both.resolve();
        return both.promise;
      },
    );
    await simulation.until('over', () => status()?.phase === 'Successful');
    expect(measured).toEqual(['a 0', 'b 0']);
  });

  it.each<[FaultKind, number]>([
    ['crash-before', 4],
    ['crash-after', 3],
    ['conflict', 3],
    ['server-error', 4],
    ['timeout-applied', 3],
  ])(
    'with the fault %s at any write the counters hold what was written, in %i measurements at most',
    async (kind, most) => {
      for (let write = 1; write <= 3; write++) {
        const faults = new FaultInjector({ kind, write });
        const { simulation, status, measured } = simulate(newRun(metric()), { faults });
        await simulation.until('over', () => status()?.phase === 'Successful');
        expect(faults.fired).toBe(true);
        expect(status()?.metricResults?.[0]).toMatchObject({ count: 3, successful: 3 });
        expect(status()?.metricResults?.[0]?.measurements).toHaveLength(3);
        expect(measured.length).toBeLessThanOrEqual(most);
      }
    },
  );

  it('CAN-129 measures nothing twice while the cache is behind', async () => {
    const { simulation, status, measured } = simulate(newRun(metric()), { cache: { lag: 2 } });
    await simulation.until('over', () => status()?.phase === 'Successful');
    expect(measured).toHaveLength(3);
  });

  it('keeps a measurement whose write was refused because the user has changed the run meanwhile', async () => {
    let cluster: ModelCluster | undefined;
    const test = simulate(newRun(metric({ count: undefined })), {}, () => {
      cluster?.store.change(
        { type: AnalysisRuns, namespace: 'ns', name: 'run' },
        { spec: { terminate: true } },
      );
    });
    cluster = test.cluster;
    await test.simulation.until('over', () => test.status()?.phase === 'Successful');
    expect(test.measured).toHaveLength(1);
    expect(test.status()).toMatchObject({ message: 'Run Terminated', metricResults: [{ successful: 1 }] });
  });

  it('ANA-051 deletes a finished run when its time to live is over, by an exact timer', async () => {
    const run = newRun(metric({ count: 1 }));
    run.spec.ttlStrategy = { secondsAfterCompletion: 60 };
    const { cluster, simulation } = simulate(run);
    await simulation.until('deleted', () => !cluster.store.get(AnalysisRuns, 'ns', 'run'));
    expect((cluster.now - start) / 1000).toBeGreaterThanOrEqual(60);
    expect((cluster.now - start) / 1000).toBeLessThan(63);
  });

  it('records the events of the run after its status', async () => {
    const { simulation, status } = simulate(newRun(metric({ count: 1 })));
    await simulation.until('over', () => status()?.phase === 'Successful');
    expect(simulation.events.map(({ reason }) => reason)).toEqual([
      'MetricSuccessful',
      'AnalysisRunSuccessful',
    ]);
  });
});
