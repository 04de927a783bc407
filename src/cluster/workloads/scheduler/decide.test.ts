import type { Node, NodeSpec } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { NOW, pod } from '../testing/objects.ts';
import { decideScheduling, waitsForNode } from './decide.ts';

function node(
  name: string,
  options: { ready?: string; spec?: NodeSpec; labels?: Record<string, string> } = {},
): Node {
  const { ready = 'True', spec = {}, labels = {} } = options;
  return { metadata: { name, labels }, spec, status: { conditions: [{ type: 'Ready', status: ready }] } };
}
const waiting = (spec = {}) => pod('p', { phase: 'Pending', spec: { nodeName: '', ...spec } });
const decide = (nodes: Node[], of = waiting(), podsOn = (_name: string) => 0) =>
  decideScheduling({ pod: of, nodes, podsOn }, NOW);

describe('the scheduler', () => {
  it('binds a pod to a ready node and says so', () => {
    const { effects, events } = decide([node('down', { ready: 'False' }), node('up')]);
    expect(effects).toMatchObject([
      {
        kind: 'create',
        subresource: 'binding',
        ref: { name: 'p', namespace: 'a' },
        object: {
          kind: 'Binding',
          metadata: { name: 'p', uid: 'uid-p' },
          target: { kind: 'Node', name: 'up' },
        },
      },
    ]);
    expect(events).toEqual([
      { type: 'Normal', reason: 'Scheduled', message: 'Successfully assigned a/p to up' },
    ]);
  });

  it('chooses the node with the fewest pods', () => {
    const { effects } = decide([node('a'), node('b')], waiting(), (name) => (name === 'a' ? 3 : 1));
    expect(effects).toMatchObject([{ object: { target: { name: 'b' } } }]);
  });

  it('says once why no node will do', () => {
    const tainted = node('t', { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } });
    const nodes = [
      node('down', { ready: 'Unknown' }),
      node('c', { spec: { unschedulable: true } }),
      tainted,
      node('l'),
    ];
    const selective = waiting({ nodeSelector: { disk: 'ssd' } });
    const decision = decide(nodes, selective);
    const message =
      "0/4 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, " +
      '1 node(s) had untolerated taint {gpu: yes}, 1 node(s) were not ready, 1 node(s) were unschedulable.';
    expect(decision.events).toEqual([{ type: 'Warning', reason: 'FailedScheduling', message }]);
    expect(decision.status?.conditions?.find(({ type }) => type === 'PodScheduled')).toMatchObject({
      status: 'False',
      reason: 'Unschedulable',
      message,
    });
    const again = decide(nodes, { ...selective, status: decision.status! });
    expect(again.events).toEqual([]);
    expect(again.status).toEqual(decision.status);
  });

  it('says that there are no nodes', () => {
    expect(decide([]).events).toMatchObject([
      { reason: 'FailedScheduling', message: 'no nodes available to schedule pods' },
    ]);
  });

  it('honours node selectors and tolerations', () => {
    const labelled = node('l', {
      labels: { disk: 'ssd' },
      spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
    });
    const tolerant = waiting({
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
    });
    expect(decide([node('n'), labelled], tolerant).effects).toMatchObject([
      { object: { target: { name: 'l' } } },
    ]);
  });

  it('leaves alone pods that have a node, are going, are gated or are for another scheduler', () => {
    expect(waitsForNode(waiting())).toBe(true);
    expect(waitsForNode(pod('p'))).toBe(false);
    expect(waitsForNode(waiting({ schedulerName: 'mine' }))).toBe(false);
    expect(waitsForNode(waiting({ schedulingGates: [{ name: 'g' }] }))).toBe(false);
  });
});
