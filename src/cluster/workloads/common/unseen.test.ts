import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { Pods } from '../../../api/index.ts';
import type { Informer, Informers } from '../../../kube/index.ts';
import { ago, pod } from '../testing/objects.ts';
import { Unseen } from './unseen.ts';

/** A cache of pods that has followed the server up to a version. */
function cache(lastResourceVersion: string, ...pods: Pod[]) {
  const informer = {
    lastResourceVersion,
    get: (_namespace: string, name: string) => pods.find((each) => each.metadata?.name === name),
  } as unknown as Informer<Pod>;
  return { informer };
}

function unseenOver(view: { current: ReturnType<typeof cache> }) {
  return new Unseen({ informer: () => view.current.informer } as unknown as Informers);
}

const made = pod('p', { metadata: { name: 'p', namespace: 'a', uid: 'u', resourceVersion: '20' } });

describe('what was written', () => {
  it('is waited for until the cache shows it', () => {
    const view = { current: cache('19') };
    const unseen = unseenOver(view);
    expect(unseen.caughtUp('a/rs')).toBe(true);
    unseen.wrote('a/rs', Pods, made);
    expect(unseen.caughtUp('a/rs')).toBe(false);
    expect(unseen.caughtUp('a/other')).toBe(true);
    view.current = cache('20', made);
    expect(unseen.caughtUp('a/rs')).toBe(true);
  });

  it('counts as seen when the cache is past it, even if it has gone again', () => {
    const view = { current: cache('21') };
    const unseen = unseenOver(view);
    unseen.wrote('a/rs', Pods, made);
    expect(unseen.caughtUp('a/rs')).toBe(true);
  });

  it('deleted is waited for until the cache shows it going, gone or another in its place', () => {
    const view = { current: cache('20', made) };
    const unseen = unseenOver(view);
    const effect = {
      kind: 'delete',
      what: '',
      ref: { type: Pods, namespace: 'a', name: 'p' },
      uid: 'u',
    } as const;
    for (const shows of [
      cache('21'),
      cache('21', { ...made, metadata: { ...made.metadata, deletionTimestamp: ago(0) } }),
      cache('21', { ...made, metadata: { ...made.metadata, uid: 'another' } }),
    ]) {
      view.current = cache('20', made);
      unseen.deleted('a/rs', effect);
      expect(unseen.caughtUp('a/rs')).toBe(false);
      view.current = shows;
      expect(unseen.caughtUp('a/rs')).toBe(true);
    }
  });
});
