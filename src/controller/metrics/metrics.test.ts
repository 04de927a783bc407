import { describe, expect, it } from 'vitest';
import { API_VERSION, type Rollout, Rollouts } from '../../api/index.ts';
import { ModelStore } from '../../simulation/index.ts';
import { ControllerMetrics } from './metrics.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

const rollout = (status: Rollout['status'] = {}): Rollout => ({
  apiVersion: API_VERSION,
  kind: 'Rollout',
  metadata: { namespace: 'ns', name: 'web' },
  spec: { replicas: 3, strategy: { canary: { trafficRouting: { nginx: { stableIngress: 'i' } } } } },
  status,
});

function newMetrics(now = start) {
  const store = new ModelStore(() => now);
  return { store, metrics: new ControllerMetrics({ version: '1.2.3', clock: () => now, reader: store }) };
}

const condition = (type: string, reason: string) => ({
  type,
  status: 'True' as const,
  reason,
  message: '',
  lastUpdateTime: '',
  lastTransitionTime: '',
});

describe('ControllerMetrics', () => {
  it.each([
    ['InvalidSpec', condition('InvalidSpec', 'InvalidSpec')],
    ['Completed', condition('Progressing', 'NewReplicaSetAvailable')],
    ['Paused', condition('Progressing', 'RolloutPaused')],
    ['Error', condition('Progressing', 'ReplicaSetCreateError')],
    ['Timeout', condition('Progressing', 'ProgressDeadlineExceeded')],
    ['Abort', condition('Progressing', 'RolloutAborted')],
    ['Progressing', condition('Progressing', 'ReplicaSetUpdated')],
  ])('OPS-046 rollout_info has the phase %s', async (phase, stored) => {
    const { store, metrics } = newMetrics();
    store.put(Rollouts, rollout({ conditions: [stored] }), { keepStatus: true });
    expect(await metrics.registry.getSingleMetricAsString('rollout_info')).toContain(
      `rollout_info{namespace="ns",name="web",strategy="canary",traffic_router="Nginx",phase="${phase}"} 1`,
    );
  });

  it('OPS-047 rollout_phase has six series of a Rollout, and none when it is gone', async () => {
    const { store, metrics } = newMetrics();
    store.put(Rollouts, rollout());
    const series = async () =>
      (await metrics.registry.getSingleMetricAsString('rollout_phase'))
        .split('\n')
        .filter((line) => line.startsWith('rollout_phase{'));
    expect(await series()).toHaveLength(6);
    await store.delete({ type: Rollouts, namespace: 'ns', name: 'web' });
    expect(await series()).toHaveLength(0);
  });

  it('OPS-048 an update of 300 s with 60 s of manual pause is observed as 300, 240 and 60, once', async () => {
    const { metrics } = newMetrics(start + 300_000);
    const running = { rolloutStartedAt: '2026-01-01T00:00:00Z' };
    const finished = {
      ...running,
      finishedAt: '2026-01-01T00:05:00Z',
      totalManualPauseDurationSeconds: 60,
      completionStatus: 'Promoted',
    };
    metrics.onStatusWritten(rollout({ duration: running }), { duration: finished });
    metrics.onStatusWritten(rollout({ duration: finished }), { duration: finished });
    for (const [name, sum] of [
      ['rollout_duration_seconds', 300],
      ['rollout_progression_duration_seconds', 240],
      ['rollout_manual_pause_duration_seconds', 60],
    ]) {
      const text = await metrics.registry.getSingleMetricAsString(name as string);
      expect(text).toContain(`${name}_sum{status="Promoted"} ${sum}`);
      expect(text).toContain(`${name}_count{status="Promoted"} 1`);
    }
  });

  it('OPS-049 an update that another one replaces counts as Superseded', async () => {
    const { metrics } = newMetrics(start + 90_000);
    metrics.onStatusWritten(rollout({ duration: { rolloutStartedAt: '2026-01-01T00:00:00Z' } }), {
      duration: { rolloutStartedAt: '2026-01-01T00:01:30Z' },
    });
    expect(await metrics.registry.getSingleMetricAsString('rollout_duration_seconds')).toContain(
      'rollout_duration_seconds_sum{status="Superseded"} 90',
    );
  });

  it('OPS-056 counts the events of Rollouts, passes and failures', async () => {
    const { metrics } = newMetrics();
    const event = { type: 'Normal' as const, reason: 'RolloutPaused', message: '' };
    metrics.countEvent(rollout(), event);
    metrics.countEvent({ ...rollout(), kind: 'AnalysisRun' }, event);
    metrics.onPass({ queue: 'Rollouts', key: 'ns/web', seconds: 0.2, error: new Error('x') });
    const text = await metrics.registry.metrics();
    expect(text).toContain(
      'rollout_events_total{namespace="ns",name="web",type="Normal",reason="RolloutPaused"} 1',
    );
    expect(text).toContain('rollout_reconcile_bucket{le="0.25",namespace="ns",name="web"} 1');
    expect(text).toContain('rollout_reconcile_error{namespace="ns",name="web"} 1');
    expect(text).toContain('argo_rollouts_controller_info{version="1.2.3"} 1');
  });
});
