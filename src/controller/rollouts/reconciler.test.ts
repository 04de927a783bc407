import type { Service } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import {
  API_VERSION,
  type CanaryStrategy,
  INSTANCE_ID_LABEL,
  type KubeObject,
  MANAGED_BY_ANNOTATION,
  POD_TEMPLATE_HASH_LABEL,
  Pods,
  ReplicaSets,
  type Rollout,
  Rollouts,
  Services,
} from '../../api/index.ts';
import { ApiError, type Reader, type Writer } from '../../kube/index.ts';
import {
  type ControllerEnvironment,
  ModelCluster,
  Simulation,
  type SimulationOptions,
} from '../../simulation/index.ts';
import { RolloutReconciler } from './reconciler.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const ref = { type: Rollouts, namespace: 'ns', name: 'web' };

const rollout = (canary: CanaryStrategy = {}, image = 'one'): Rollout => ({
  apiVersion: API_VERSION,
  kind: 'Rollout',
  metadata: { namespace: 'ns', name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image }] },
    },
    strategy: { canary },
  },
});

const service = (name: string, managedBy?: string): Service => ({
  metadata: {
    namespace: 'ns',
    name,
    ...(managedBy && { annotations: { [MANAGED_BY_ANNOTATION]: managedBy } }),
  },
  spec: { selector: { app: 'web', ...(managedBy && { [POD_TEMPLATE_HASH_LABEL]: 'abc' }) } },
});

interface Disturbance {
  writer?(inner: Writer): Writer;
  reader?(inner: Reader): Reader;
  live?: ControllerEnvironment['live'];
}

function simulate(
  cluster: ModelCluster,
  { writer, reader, live }: Disturbance = {},
  options: Partial<SimulationOptions> = {},
) {
  return new Simulation({
    cluster,
    startController: (environment) => [
      new RolloutReconciler({
        ...environment,
        reader: reader?.(environment.reader) ?? environment.reader,
        writer: writer?.(environment.writer) ?? environment.writer,
        live: live ?? environment.live,
        settings: {},
      }),
    ],
    ...options,
  });
}

const phase = ({ store }: ModelCluster) => store.get(Rollouts, 'ns', 'web')?.status?.phase;
const reasons = ({ events }: Simulation) => events.map(({ reason }) => reason);
const selectorOf = ({ store }: ModelCluster, name: string) => store.get(Services, 'ns', name)?.spec?.selector;

describe('RolloutReconciler', () => {
  it('CAN-038 tells of a new Rollout first, and of what follows; OPS-058 a restart tells nothing', async () => {
    const cluster = new ModelCluster({ start });
    cluster.store.put(Rollouts, rollout());
    const simulation = simulate(cluster);
    await simulation.until('healthy', () => phase(cluster) === 'Healthy');
    const told = reasons(simulation);
    expect(told.slice(0, 3)).toEqual(['RolloutAddedToInformer', 'RolloutUpdated', 'NewReplicaSetCreated']);
    simulation.restart();
    await simulation.advanceTo(cluster.now + 60_000);
    expect(reasons(simulation)).toEqual(told);
  });

  it.each([
    ['catches up', 3, 'Healthy'],
    ['never does', Number.POSITIVE_INFINITY, 'Degraded'],
  ])(
    'CAN-021 does not call a Rollout invalid for a Service that only the cache lacks; it %s',
    async (_, misses, end) => {
      const cluster = new ModelCluster({ start });
      for (const name of ['stable', 'canary']) cluster.store.put(Services, service(name));
      cluster.store.put(Rollouts, rollout({ stableService: 'stable', canaryService: 'canary' }));
      let missed = 0;
      const reader = (inner: Reader): Reader => ({
        list: (type, namespace) => inner.list(type, namespace),
        ownedBy: (type, uid) => inner.ownedBy(type, uid),
        get: (type, namespace, name) =>
          name === 'canary' && missed++ < misses ? undefined : inner.get(type, namespace, name),
      });
      const simulation = simulate(cluster, { reader });
      await simulation.until(end, () => phase(cluster) === end);
      expect(reasons(simulation).includes('InvalidSpec')).toBe(end === 'Degraded');
      expect(cluster.now - start).toBeLessThan(20_000);
    },
  );

  it('CAN-131 releases the Services of a Rollout that was deleted, and says so', async () => {
    const cluster = new ModelCluster({ start });
    cluster.store.put(Services, service('stable'));
    cluster.store.put(Services, service('canary'));
    cluster.store.put(Rollouts, rollout({ stableService: 'stable', canaryService: 'canary' }));
    const simulation = simulate(cluster);
    await simulation.until('healthy', () => phase(cluster) === 'Healthy');
    await simulation.advanceTo(cluster.now + 10_000);
    expect(selectorOf(cluster, 'stable')).toHaveProperty(POD_TEMPLATE_HASH_LABEL);
    await cluster.store.delete(ref);
    await simulation.advanceTo(cluster.now + 10_000);
    expect(selectorOf(cluster, 'stable')).toEqual({ app: 'web' });
    expect(simulation.events.at(-1)).toMatchObject({
      reason: 'RolloutDeleted',
      message: 'Rollout web/ns is deleted.',
    });
    expect(cluster.store.list(ReplicaSets)).toEqual([]);
    expect(cluster.store.list(Pods)).toEqual([]);
  });

  it('OPS-020 releases a Service whose Rollout was deleted while nobody looked', async () => {
    const cluster = new ModelCluster({ start });
    cluster.store.put(Services, service('stable', 'gone'));
    const simulation = simulate(cluster);
    await simulation.advanceTo(start + 10_000);
    expect(selectorOf(cluster, 'stable')).toEqual({ app: 'web' });
    expect(simulation.events).toEqual([]);
  });

  it('OPS-019 leaves a Service alone when the server cannot tell whether its Rollout exists', async () => {
    const cluster = new ModelCluster({ start });
    cluster.store.put(Services, service('stable', 'gone'));
    let down = true;
    const live: ControllerEnvironment['live'] = {
      get: async () => {
        throw down ? new ApiError(500, 'InternalError', 'down') : new ApiError(404, 'NotFound', 'not found');
      },
    };
    const simulation = simulate(cluster, { live });
    await simulation.advanceTo(start + 5_000);
    expect(selectorOf(cluster, 'stable')).toHaveProperty(POD_TEMPLATE_HASH_LABEL);
    down = false;
    await simulation.advanceTo(start + 30_000);
    expect(selectorOf(cluster, 'stable')).toEqual({ app: 'web' });
  });

  it('leaves the Services of a Rollout alone that belongs to another instance now', async () => {
    const cluster = new ModelCluster({ start });
    cluster.store.put(Services, service('stable', 'other'));
    const others = {
      ...rollout(),
      metadata: { namespace: 'ns', name: 'other', labels: { [INSTANCE_ID_LABEL]: 'x' } },
    };
    const simulation = simulate(cluster, { live: { get: async () => others as never } });
    await simulation.advanceTo(start + 10_000);
    expect(selectorOf(cluster, 'stable')).toHaveProperty(POD_TEMPLATE_HASH_LABEL);
  });

  it('CAN §3.3 a refused ReplicaSet degrades the Rollout, with one event, until it is allowed', async () => {
    const cluster = new ModelCluster({ start });
    cluster.store.put(Rollouts, rollout());
    let allowed = false;
    const writer = (inner: Writer): Writer => ({
      create: (type, object, options) => {
        if (!allowed) throw new ApiError(403, 'Forbidden', 'exceeded quota');
        return inner.create(type, object, options);
      },
      update: inner.update.bind(inner),
      patch: inner.patch.bind(inner),
      delete: inner.delete.bind(inner),
      evict: inner.evict.bind(inner),
    });
    const simulation = simulate(cluster, { writer });
    await simulation.advanceTo(start + 60_000);
    const { conditions = [] } = cluster.store.get(Rollouts, 'ns', 'web')?.status ?? {};
    expect(conditions).toContainEqual(
      expect.objectContaining({
        type: 'Progressing',
        status: 'False',
        reason: 'ReplicaSetCreateError',
        message: expect.stringMatching(/^Failed to create new replica set "web-\w+": exceeded quota$/),
      }),
    );
    expect(reasons(simulation).filter((reason) => reason === 'ReplicaSetCreateError')).toHaveLength(1);
    expect(simulation.failures.length).toBeGreaterThan(10);
    expect(simulation.failures.length).toBeLessThan(30);
    allowed = true;
    await simulation.until('healthy', () => phase(cluster) === 'Healthy');
  });

  it('CAN-027 a foreign ReplicaSet of the name, which the cache does not show, makes it take another', async () => {
    const labelled = (object: KubeObject) => object.metadata?.labels?.[POD_TEMPLATE_HASH_LABEL] !== undefined;
    const reader = (inner: Reader): Reader => ({
      get: inner.get.bind(inner),
      ownedBy: inner.ownedBy.bind(inner),
      list: (type, namespace) =>
        inner.list(type, namespace).filter((object) => type.kind !== 'ReplicaSet' || labelled(object)),
    });
    const nameAfter = async (...taken: string[]) => {
      const cluster = new ModelCluster({ start });
      cluster.store.put(Rollouts, rollout());
      for (const name of taken) cluster.store.put(ReplicaSets, { metadata: { namespace: 'ns', name } });
      const simulation = simulate(cluster, { reader });
      await simulation.until('healthy', () => phase(cluster) === 'Healthy');
      expect(simulation.failures).toEqual([]);
      return `web-${cluster.store.get(Rollouts, 'ns', 'web')?.status?.currentPodHash}`;
    };
    const first = await nameAfter();
    const second = await nameAfter(first);
    const third = await nameAfter(first, second);
    expect(new Set([first, second, third]).size).toBe(3);
  });

  it('CAN-021 an invalid spec is healed by what it refers to', async () => {
    const cluster = new ModelCluster({ start });
    cluster.store.put(Rollouts, rollout({ canaryService: 'canary' }));
    const simulation = simulate(cluster);
    await simulation.advanceTo(start + 5_000);
    expect(cluster.store.get(Rollouts, 'ns', 'web')?.status?.message).toBe(
      'InvalidSpec: The Rollout "web" is invalid: spec.strategy.canary.canaryService: Invalid value: "canary": service "canary" not found',
    );
    expect(cluster.store.list(ReplicaSets)).toEqual([]);
    cluster.store.put(Services, service('canary'));
    await simulation.advanceTo(start + 5_000);
    expect(cluster.store.list(ReplicaSets)).toHaveLength(1);
  });

  it('never overwrites what a user writes into the status between the look and the write', async () => {
    const cluster = new ModelCluster({ start });
    cluster.store.put(Rollouts, rollout({ steps: [{ setWeight: 50 }, { pause: {} }] }));
    let interfere = false;
    const simulation = simulate(
      cluster,
      {},
      {
        onWrite: (description) => {
          if (!interfere || !description.includes('"currentStepIndex":1')) return;
          interfere = false;
          cluster.store.change(ref, { status: { abort: true } }, 'status');
        },
      },
    );
    await simulation.until('healthy', () => phase(cluster) === 'Healthy');
    cluster.store.change(ref, { spec: { template: rollout({}, 'two').spec.template } });
    interfere = true;
    await simulation.until(
      'aborted',
      () => cluster.store.get(Rollouts, 'ns', 'web')?.status?.phase === 'Degraded',
    );
    expect(interfere).toBe(false);
    expect(cluster.store.get(Rollouts, 'ns', 'web')?.status?.abort).toBe(true);
    expect(simulation.failures).toEqual([]);
  });
});
