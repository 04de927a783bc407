import type { Pod, PodStatus } from 'kubernetes-types/core/v1.d.ts';
import { beforeEach, expect, it } from 'vitest';
import type { KubeClient } from '../../../kube/index.ts';
import { StatusPublisher } from './publisher.ts';

const pod: Pod = { metadata: { name: 'p', namespace: 'a', uid: 'u' } };
const ready = (status: string, lastTransitionTime: string, reason?: string): PodStatus => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status, lastTransitionTime, ...(reason && { reason }) }],
});

let patches: { status: PodStatus }[];
let publisher: StatusPublisher;

beforeEach(() => {
  patches = [];
  const patch = async (_ref: unknown, _type: unknown, body: { status: PodStatus }) => {
    patches.push(body);
    return {};
  };
  publisher = new StatusPublisher({ client: { patch } as unknown as KubeClient });
});

it('a condition keeps the time at which it became so, whatever an old cache makes of it', async () => {
  await publisher.publish(pod, ready('True', 'first'));
  await publisher.publish(pod, ready('True', 'second'));
  expect(patches).toHaveLength(1);
  await publisher.publish(pod, ready('False', 'third', 'ContainersNotReady'));
  expect(patches[1]?.status.conditions).toMatchObject([{ status: 'False', lastTransitionTime: 'third' }]);
});

it('a condition loses the reason that it had', async () => {
  await publisher.publish(pod, ready('False', 'first', 'ContainersNotReady'));
  await publisher.publish(pod, ready('True', 'second'));
  expect(patches[1]?.status.conditions).toEqual([
    { type: 'Ready', status: 'True', lastTransitionTime: 'second', reason: null, message: null },
  ]);
});
