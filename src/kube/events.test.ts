import type { Event } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { mergePatch } from '../api/index.ts';
import { createEventRecorder } from './events.ts';
import { ApiError } from './types.ts';

const rollout = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'colorapi', namespace: 'a', uid: 'u1', resourceVersion: '9' },
};
const scaled = {
  type: 'Normal',
  reason: 'ScalingReplicaSet',
  message: 'Scaled up ReplicaSet x from 0 to 1',
} as const;

/** Keeps Events as a server would. */
function eventServer() {
  const events = new Map<string, Event>();
  const client = {
    async create(_type: unknown, object: unknown) {
      const event = object as Event;
      if (events.has(event.metadata.name!)) throw new ApiError(409, 'AlreadyExists', 'it exists');
      events.set(event.metadata.name!, event);
      return event as never;
    },
    async patch({ name }: { name: string }, _type: unknown, body: unknown) {
      const event = events.get(name);
      if (!event) throw new ApiError(404, 'NotFound', 'it does not');
      events.set(name, mergePatch(event, body));
      return events.get(name) as never;
    },
  };
  return { events, client };
}

describe('an event recorder', () => {
  it('writes a core/v1 Event about the object', async () => {
    const { events, client } = eventServer();
    const recorder = createEventRecorder(client, {
      component: 'rollouts-controller',
      clock: () => 1_700_000_000_500,
    });
    recorder.record(rollout, scaled);
    await recorder.flush();
    const [event] = [...events.values()];
    expect(event).toMatchObject({
      involvedObject: { kind: 'Rollout', name: 'colorapi', namespace: 'a', uid: 'u1', resourceVersion: '9' },
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message: 'Scaled up ReplicaSet x from 0 to 1',
      count: 1,
      source: { component: 'rollouts-controller' },
      firstTimestamp: '2023-11-14T22:13:20Z',
      lastTimestamp: '2023-11-14T22:13:20Z',
    });
    expect(event?.metadata.name).toMatch(/^colorapi\.[0-9a-f]{16}$/);
    expect(event?.metadata.namespace).toBe('a');
  });

  it('raises the count of what is said again, until the Event has expired', async () => {
    const { events, client } = eventServer();
    let now = 0;
    const recorder = createEventRecorder(client, { component: 'c', clock: () => now });
    const counts = () =>
      [...events.values()].map(({ count, firstTimestamp, lastTimestamp }) => [
        count,
        firstTimestamp,
        lastTimestamp,
      ]);
    recorder.record(rollout, scaled);
    recorder.record(rollout, scaled);
    await recorder.flush();
    now = 60_000;
    recorder.record(rollout, scaled);
    recorder.record(rollout, { ...scaled, message: 'something else' });
    await recorder.flush();
    expect(counts()).toEqual([
      [3, '1970-01-01T00:00:00Z', '1970-01-01T00:01:00Z'],
      [1, '1970-01-01T00:01:00Z', '1970-01-01T00:01:00Z'],
    ]);
    events.clear();
    recorder.record(rollout, scaled);
    await recorder.flush();
    expect(counts()).toEqual([[1, '1970-01-01T00:01:00Z', '1970-01-01T00:01:00Z']]);
  });

  it('tells parts of an object apart', async () => {
    const { events, client } = eventServer();
    const recorder = createEventRecorder(client, { component: 'kubelet', clock: Date.now });
    const paths = ['spec.containers{a}', 'spec.containers{b}'];
    for (const fieldPath of paths) recorder.record(rollout, { ...scaled, fieldPath });
    await recorder.flush();
    expect([...events.values()].map(({ involvedObject }) => involvedObject.fieldPath)).toEqual(paths);
  });

  it('gives names that sort as the events happened, within a millisecond and among reporters', async () => {
    const { events, client } = eventServer();
    const [scheduler, kubelet] = ['scheduler', 'kubelet'].map((component) =>
      createEventRecorder(client, { component, clock: () => 1_700_000_000_500 }),
    );
    scheduler?.record(rollout, { type: 'Normal', reason: 'Scheduled', message: 'm' });
    for (const reason of ['Pulled', 'Created', 'Started']) {
      kubelet?.record(rollout, { type: 'Normal', reason, message: 'm' });
    }
    await kubelet?.flush();
    await scheduler?.flush();
    const sorted = [...events.keys()].sort().map((name) => events.get(name)?.reason);
    expect(sorted).toEqual(['Scheduled', 'Pulled', 'Created', 'Started']);
  });

  it('takes another name when another process had the same one', async () => {
    const { events, client } = eventServer();
    let taken = 1;
    const create: typeof client.create = async (type, object) => {
      if (taken-- > 0) throw new ApiError(409, 'AlreadyExists', 'it exists');
      return client.create(type, object);
    };
    const recorder = createEventRecorder({ ...client, create }, { component: 'c', clock: () => 0 });
    recorder.record(rollout, scaled);
    await recorder.flush();
    expect([...events.values()]).toMatchObject([{ count: 1, reason: scaled.reason }]);
  });

  it('puts events about cluster-scoped objects into default, and can be about another object', async () => {
    const { events, client } = eventServer();
    const recorder = createEventRecorder(client, { component: 'c', clock: () => 0 });
    const node = {
      type: { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false },
      name: 'n',
    };
    recorder.record(rollout, { ...scaled, about: node });
    await recorder.flush();
    expect([...events.values()]).toMatchObject([
      { metadata: { namespace: 'default' }, involvedObject: { kind: 'Node', name: 'n' } },
    ]);
  });

  it('never throws, and shortens what is too long', async () => {
    const { events, client } = eventServer();
    let fails = true;
    const flaky = {
      ...client,
      create: async (type: unknown, object: unknown) => {
        if (fails) throw new ApiError(403, 'Forbidden', 'no');
        return client.create(type, object);
      },
    };
    const recorder = createEventRecorder(flaky, { component: 'c', clock: () => 0 });
    recorder.record(rollout, scaled);
    await recorder.flush();
    fails = false;
    recorder.record(rollout, { ...scaled, message: 'x'.repeat(5000) });
    await recorder.flush();
    expect([...events.values()].map(({ message }) => message?.length)).toEqual([1024]);
  });
});
