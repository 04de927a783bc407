import type { Node, Taint, Toleration } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { ago, NOW, type PodOptions, pod } from '../testing/objects.ts';
import { decideEviction } from './eviction.ts';

const taint = (key: string): Taint => ({ key, effect: 'NoExecute' });
const node = (...taints: Taint[]): Node => ({ metadata: { name: 'n' }, spec: { taints } });
const bears = (key: string, tolerationSeconds?: number): Toleration => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  ...(tolerationSeconds !== undefined && { tolerationSeconds }),
});

/** What becomes of a pod that has been on the node for so many seconds since it got its taints, or went. */
function seen(seconds: number, on: Node | undefined, options: PodOptions = {}) {
  return decideEviction({ pod: pod('p', options), node: on, since: NOW - seconds * 1000 }, NOW);
}
const tolerating = (...tolerations: Toleration[]): PodOptions => ({ spec: { tolerations } });

describe('under a taint that drives pods away', () => {
  it('a pod that does not tolerate it goes at once, and says why', () => {
    const { effects, events } = seen(0, node(taint('gpu')), tolerating(bears('other')));
    expect(effects).toMatchObject([
      {
        kind: 'patch',
        subresource: 'status',
        patch: {
          status: {
            conditions: [
              { type: 'Ready' },
              {
                type: 'DisruptionTarget',
                status: 'True',
                reason: 'DeletionByTaintManager',
                message: 'Taint manager: deleting due to NoExecute taint',
                lastTransitionTime: ago(0),
              },
            ],
          },
        },
      },
      { kind: 'delete', uid: 'uid-p' },
    ]);
    expect(events).toEqual([
      { type: 'Normal', reason: 'TaintManagerEviction', message: 'Marking for deletion Pod a/p' },
    ]);
  });

  it('one that tolerates it for a time stays so long', () => {
    const tolerant = tolerating(bears('gpu', 30));
    expect(seen(29, node(taint('gpu')), tolerant)).toMatchObject({ effects: [], wakeAt: NOW + 1000 });
    expect(seen(30, node(taint('gpu')), tolerant).effects).toHaveLength(2);
    expect(seen(0, node(taint('gpu')), tolerating(bears('gpu', -1))).effects).toHaveLength(2);
  });

  it('of several taints the one that is borne the shortest counts', () => {
    const two = node(taint('gpu'), taint('disk'));
    expect(seen(20, two, tolerating(bears('gpu', 30), bears('disk', 20))).effects).toHaveLength(2);
    expect(seen(20, two, tolerating(bears('gpu', 30), bears('disk')))).toMatchObject({ effects: [] });
    expect(seen(0, two, tolerating(bears('gpu'))).effects).toHaveLength(2);
  });

  it('one that tolerates it without a limit, or is going anyway, is left alone', () => {
    const forGood = seen(1e6, node(taint('gpu')), tolerating(bears('gpu')));
    expect(forGood).toMatchObject({ effects: [], events: [] });
    expect(forGood.wakeAt).toBeUndefined();
    const going = { metadata: { name: 'p', deletionTimestamp: ago(1) } };
    expect(seen(0, node(taint('gpu')), going).effects).toEqual([]);
  });
});

describe('when its node is gone', () => {
  it('a pod has 40 seconds for the node to come back', () => {
    expect(seen(39, undefined)).toMatchObject({ effects: [], wakeAt: NOW + 1000 });
  });

  it('then it has failed and is removed at once', () => {
    expect(seen(40, undefined).effects).toMatchObject([
      {
        kind: 'patch',
        patch: {
          status: {
            phase: 'Failed',
            conditions: [
              {},
              { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists', status: 'True' },
            ],
          },
        },
      },
      { kind: 'delete', uid: 'uid-p', gracePeriodSeconds: 0 },
    ]);
    expect(seen(40, undefined, { phase: 'Succeeded' }).effects).toMatchObject([{ kind: 'delete' }]);
  });
});
