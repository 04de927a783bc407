import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { Pods, ReplicaSets } from '../api/index.ts';
import { ModelCluster } from './cluster.ts';
import { FaultInjector, type FaultKind } from './faults.ts';
import { type ControllerEnvironment, Simulation, type SimulationOptions } from './simulation.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

const replicaSet = (replicas: number, image: string, minReadySeconds = 0): ReplicaSet => ({
  metadata: { namespace: 'ns', name: 'rs' },
  spec: {
    replicas,
    minReadySeconds,
    selector: { matchLabels: { app: 'x' } },
    template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', image }] } },
  },
});

/** A controller with one rule: a ReplicaSet is scaled up by one, up to 3, a second after its last pod is available. */
function startGrower({ reader, writer }: ControllerEnvironment) {
  return [
    {
      name: 'Grower',
      watches: [{ type: ReplicaSets, keys: () => ['ns/rs'] }],
      async process() {
        const rs = reader.get(ReplicaSets, 'ns', 'rs');
        const replicas = rs?.spec?.replicas ?? 0;
        if (!rs || replicas >= 3 || rs.status?.availableReplicas !== replicas) return {};
        await writer.patch({ type: ReplicaSets, namespace: 'ns', name: 'rs' }, 'merge', {
          metadata: { resourceVersion: rs.metadata?.resourceVersion },
          spec: { replicas: replicas + 1 },
        });
        return {};
      },
    },
  ];
}

function simulate(options: Partial<SimulationOptions> = {}) {
  const cluster = new ModelCluster({ start, images: { slow: { readyAfterMs: 5_000 } } });
  cluster.store.put(ReplicaSets, replicaSet(1, 'slow', 10));
  return { cluster, simulation: new Simulation({ cluster, startController: startGrower, ...options }) };
}

const available = (cluster: ModelCluster) =>
  cluster.store.get(ReplicaSets, 'ns', 'rs')?.status?.availableReplicas;

describe('Simulation', () => {
  it('moves from one interesting instant to the next', async () => {
    const { cluster, simulation } = simulate();
    await simulation.until('3 available', () => available(cluster) === 3);
    expect(cluster.now - start).toBe(3 * 15_000);
    expect(cluster.store.list(Pods)).toHaveLength(3);
    expect(simulation.writes).toBe(2);
  });

  it('says what did not come about', async () => {
    const { cluster, simulation } = simulate();
    await expect(simulation.until('4 available', () => available(cluster) === 4, 60_000)).rejects.toThrow(
      '4 available: not within 60 virtual seconds',
    );
  });

  it.each<[FaultKind, number]>([
    ['crash-before', 1],
    ['crash-after', 1],
    ['conflict', 0],
    ['server-error', 0],
    ['timeout-applied', 0],
  ])('survives the fault %s, with %i restarts', async (kind, restarts) => {
    const faults = new FaultInjector({ kind, write: 1 });
    const { cluster, simulation } = simulate({ faults });
    await simulation.until('3 available', () => available(cluster) === 3);
    expect(faults.fired).toBe(true);
    expect(simulation.restarts).toBe(restarts);
    expect(cluster.store.list(Pods)).toHaveLength(3);
  });

  it('serves a stale cache until the controller is idle, and refuses writes made on it', async () => {
    const { cluster, simulation } = simulate({ cache: { lag: 3 } });
    await simulation.until('3 available', () => available(cluster) === 3);
    expect(cluster.store.list(Pods)).toHaveLength(3);
  });

  it('goes on after lost notifications at the next resync', async () => {
    const { cluster, simulation } = simulate({ cache: { drops: () => true }, resyncMs: 100_000 });
    await simulation.until('3 available', () => available(cluster) === 3);
    expect(cluster.now - start).toBeGreaterThan(100_000);
  });
});
