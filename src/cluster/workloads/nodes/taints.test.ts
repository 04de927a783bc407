import type { Node, Taint } from 'kubernetes-types/core/v1.d.ts';
import { expect, it } from 'vitest';
import { ago, NOW } from '../testing/objects.ts';
import { decideTaints } from './taints.ts';

function taintsOf(spec: Node['spec'], ready = 'True') {
  const node: Node = {
    metadata: { name: 'n', resourceVersion: '4' },
    ...(spec && { spec }),
    status: { conditions: [{ type: 'Ready', status: ready }] },
  };
  return decideTaints(node, NOW).effects.map((effect) =>
    effect.kind === 'patch' ? (effect.patch as { spec: unknown }).spec : undefined,
  );
}
const cordoned: Taint = {
  key: 'node.kubernetes.io/unschedulable',
  effect: 'NoSchedule',
  timeAdded: ago(0),
};
const own: Taint = { key: 'gpu', effect: 'NoSchedule' };

it('a node has taints for what is wrong with it, beside those that it has', () => {
  expect(taintsOf({ taints: [own] })).toEqual([]);
  expect(taintsOf({ unschedulable: true, taints: [own] })).toEqual([{ taints: [own, cordoned] }]);
});

it.each([
  ['not-ready', 'False'],
  ['unreachable', 'Unknown'],
])('one that is %s takes no pods and drives those away that are there', (name, ready) => {
  const key = `node.kubernetes.io/${name}`;
  const wanted = [
    { key, effect: 'NoSchedule' },
    { key, effect: 'NoExecute' },
  ];
  expect(taintsOf({}, ready)).toMatchObject([{ taints: wanted }]);
  expect(taintsOf({ taints: [...wanted, own] }, 'True')).toEqual([{ taints: [own] }]);
});

it('one that has not said anything yet takes no pods', () => {
  const { effects } = decideTaints({ metadata: { name: 'n' } }, NOW);
  const taints = [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule', timeAdded: ago(0) }];
  expect(effects).toMatchObject([{ patch: { spec: { taints } } }]);
});

it.each([
  ['MemoryPressure', 'memory-pressure'],
  ['DiskPressure', 'disk-pressure'],
  ['PIDPressure', 'pid-pressure'],
  ['NetworkUnavailable', 'network-unavailable'],
])('%s keeps pods away', (type, name) => {
  const conditions = [
    { type: 'Ready', status: 'True' },
    { type, status: 'True' },
  ];
  const { effects } = decideTaints({ metadata: { name: 'n' }, status: { conditions } }, NOW);
  const taints = [{ key: `node.kubernetes.io/${name}`, effect: 'NoSchedule' }];
  expect(effects).toMatchObject([{ patch: { spec: { taints } } }]);
});

it('they go when it is well again, and are else left alone', () => {
  expect(taintsOf({ unschedulable: true, taints: [cordoned] })).toEqual([]);
  expect(taintsOf({ taints: [cordoned] })).toEqual([{ taints: null }]);
  expect(taintsOf({ taints: [own, cordoned] })).toEqual([{ taints: [own] }]);
});
