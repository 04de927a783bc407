import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Decision, type KubeObject, Pods, ReplicaSets } from '../../../api/index.ts';
import { ApiError, Informers, type KubeClient } from '../../../kube/index.ts';
import { pod, replicaSet } from '../testing/objects.ts';
import { startReconciler } from './reconciler.ts';

/** A server with one ReplicaSet; its answers and watches are the test's. */
function start(options: {
  pods?: Promise<KubeObject[]>;
  decide(): Decision<unknown>;
  create?: () => Promise<KubeObject>;
  patch?: (body: unknown) => Promise<KubeObject>;
}) {
  const wrote: unknown[][] = [];
  const client = {
    async list(type: { kind: string }) {
      const items = type.kind === 'Pod' ? await (options.pods ?? []) : [replicaSet(1)];
      return { metadata: { resourceVersion: '10' }, items };
    },
    async *watch(_type: unknown, { signal }: { signal?: AbortSignal }) {
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    },
    async create(_type: unknown, object: KubeObject) {
      wrote.push(['create', object.kind, object.metadata?.name ?? '']);
      return options.create?.() ?? object;
    },
    async patch(_ref: unknown, _type: unknown, body: unknown) {
      wrote.push(['patch', body]);
      return options.patch?.(body) ?? {};
    },
  } as unknown as KubeClient;
  const informers = new Informers(client);
  let observed = 0;
  const reconciler = startReconciler<ReplicaSet, ReplicaSet>({
    context: { client, informers, clock: Date.now, log: pino({ level: 'silent' }) },
    component: 'test',
    type: ReplicaSets,
    reads: [Pods],
    observe(object) {
      observed++;
      return object;
    },
    decide: options.decide,
    decideFailure: (_view, error) => ({ ...idle, status: { replicas: 0, error: error.message } }),
  });
  onTestFinished(async () => {
    await reconciler.stop();
    await informers.stop();
  });
  return { reconciler, informers, wrote, observed: () => observed };
}

const idle: Decision<unknown> = { effects: [], events: [], because: [] };
const ref = { type: Pods, namespace: 'a', name: 'p' };
const creation: Decision<unknown> = {
  ...idle,
  effects: [{ kind: 'create', what: 'create pod p', ref, object: pod('p') }],
};
const until = (is: () => void) => vi.waitFor(is, { timeout: 2000, interval: 2 });

describe('a reconciler', () => {
  it('decides nothing before all that it reads is in the caches', async () => {
    const pods = Promise.withResolvers<KubeObject[]>();
    const { reconciler, informers, observed } = start({ pods: pods.promise, decide: () => idle });
    await informers.informer(ReplicaSets).synced();
    reconciler.enqueue('a/rs');
    await new Promise(setImmediate);
    expect(observed()).toBe(0);
    pods.resolve([]);
    await until(() => expect(observed()).toBe(1));
  });

  it('decides nothing anew before its own writes are in the caches', async () => {
    const made = pod('p', { metadata: { name: 'p', namespace: 'a', uid: 'u', resourceVersion: '11' } });
    const { reconciler, wrote, observed } = start({ decide: () => creation, create: async () => made });
    reconciler.enqueue('a/rs');
    await until(() => expect(wrote).toEqual([['create', undefined, 'p']]));
    for (let i = 0; i < 10; i++) {
      reconciler.enqueue('a/rs');
      await new Promise(setImmediate);
    }
    expect(observed()).toBe(1);
  });

  it('patches only what of the status differs, on the version that it saw', async () => {
    const { reconciler, wrote } = start({ decide: () => ({ ...idle, status: { replicas: 1 } }) });
    reconciler.enqueue('a/rs');
    await until(() =>
      expect(wrote).toEqual([['patch', { metadata: { resourceVersion: '1' }, status: { replicas: 1 } }]]),
    );
  });

  it('tells what it has done even if the status has changed meanwhile', async () => {
    const events = [{ type: 'Normal', reason: 'Made', message: 'made p' }] as const;
    const made = pod('p', { metadata: { name: 'p', namespace: 'a', uid: 'u', resourceVersion: '11' } });
    const { reconciler, wrote } = start({
      decide: () => ({ ...creation, events: [...events], status: { replicas: 1 } }),
      create: async () => made,
      patch: () => Promise.reject(new ApiError(409, 'Conflict', 'modified')),
    });
    reconciler.enqueue('a/rs');
    await until(() => expect(wrote.map(([verb, kind]) => [verb, kind])).toContainEqual(['create', 'Event']));
  });

  it('tries again what was refused, and says so in the status', async () => {
    const refuse = () => Promise.reject(new ApiError(403, 'Forbidden', 'exceeded quota'));
    const { reconciler, wrote, observed } = start({ decide: () => creation, create: refuse });
    reconciler.enqueue('a/rs');
    await until(() => expect(observed()).toBeGreaterThan(1));
    expect(wrote[1]).toMatchObject(['patch', { status: { error: 'cannot create pod p: exceeded quota' } }]);
  });
});
