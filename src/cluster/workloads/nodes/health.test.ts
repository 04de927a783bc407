import type { Node } from 'kubernetes-types/core/v1.d.ts';
import { expect, it } from 'vitest';
import { ago, NOW } from '../testing/objects.ts';
import { decideNodeHealth } from './health.ts';

const node = (status: Node['status']): Node => ({
  metadata: { name: 'n', creationTimestamp: ago(3600) },
  ...(status && { status }),
});
const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: ago(90) };
const seconds = (count: number) => NOW - count * 1000;

it('a node that was heard of less than 50 seconds ago is taken at its word', () => {
  const { status, events, wakeAt } = decideNodeHealth(
    { node: node({ conditions: [ready] }), heardAt: seconds(49) },
    NOW,
  );
  expect({ status, events, wakeAt }).toEqual({ status: undefined, events: [], wakeAt: NOW + 1000 });
});

it('of one that is not heard of any more nothing is known', () => {
  const network = { type: 'NetworkUnavailable', status: 'False' };
  const { status, events } = decideNodeHealth(
    { node: node({ podCIDR: 'kept', conditions: [network, ready] } as Node['status']), heardAt: seconds(50) },
    NOW,
  );
  expect(status).toMatchObject({ podCIDR: 'kept' });
  const [kept, stopped, ...never] = status?.conditions ?? [];
  expect(kept).toEqual(network);
  expect(stopped).toEqual({
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
    lastHeartbeatTime: ago(90),
    lastTransitionTime: ago(0),
  });
  expect(never.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
    'MemoryPressure NodeStatusNeverUpdated',
    'DiskPressure NodeStatusNeverUpdated',
    'PIDPressure NodeStatusNeverUpdated',
  ]);
  expect(events).toEqual([
    { type: 'Normal', reason: 'NodeNotReady', message: 'Node n status is now: NodeNotReady' },
  ]);
});

it('that is said once', () => {
  const first = decideNodeHealth({ node: node({ conditions: [ready] }), heardAt: seconds(60) }, NOW);
  const again = decideNodeHealth({ node: node(first.status), heardAt: seconds(60) }, NOW + 60_000);
  expect(again.status).toEqual(first.status);
  expect(again.events).toEqual([]);
});

it('a node that has said nothing yet has a minute to do so', () => {
  expect(decideNodeHealth({ node: node(undefined), heardAt: seconds(59) }, NOW).wakeAt).toBe(NOW + 1000);
  const { status } = decideNodeHealth({ node: node(undefined), heardAt: seconds(60) }, NOW);
  expect(status?.conditions).toContainEqual({
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: ago(3600),
    lastTransitionTime: ago(0),
  });
});
