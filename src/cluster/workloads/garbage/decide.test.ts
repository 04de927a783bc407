import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { Pods, ReplicaSets } from '../../../api/index.ts';
import { ago } from '../testing/objects.ts';
import { decideGarbage, type GarbageView, type OwnerState } from './decide.ts';

const reference = (name: string, blockOwnerDeletion = true) => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name,
  uid: `uid-${name}`,
  blockOwnerDeletion,
});
const meta = (name: string, more: ObjectMeta = {}): ObjectMeta => ({
  name,
  namespace: 'a',
  uid: `uid-${name}`,
  resourceVersion: '7',
  ...more,
});

/** A pod with owners in the given states. */
function owned(
  owners: Record<string, OwnerState>,
  more: Partial<GarbageView> & { metadata?: ObjectMeta } = {},
) {
  const { metadata, ...rest } = more;
  const ownerReferences = Object.keys(owners).map((name) => reference(name));
  return decideGarbage({
    type: Pods,
    object: { metadata: meta('p', { ownerReferences, ...metadata }) },
    owners: Object.entries(owners).map(([name, state]) => ({ reference: reference(name), state })),
    dependents: [],
    ...rest,
  });
}

/** A ReplicaSet that is being deleted, with these pods. */
function going(finalizer: string, ...dependents: ObjectMeta[]) {
  return decideGarbage({
    type: ReplicaSets,
    object: { metadata: meta('rs', { deletionTimestamp: ago(1), finalizers: ['x/y', finalizer] }) },
    owners: [],
    dependents: dependents.map((metadata) => ({ type: Pods, object: { metadata } })),
  });
}

describe('an object', () => {
  it('without owners, or whose owners are there, stays', () => {
    expect(owned({}).effects).toEqual([]);
    expect(owned({ one: 'solid', two: 'solid' }).effects).toEqual([]);
  });

  it('whose owners are all gone is deleted, that incarnation only', () => {
    expect(owned({ one: 'absent', two: 'absent' }).effects).toMatchObject([
      { kind: 'delete', ref: { name: 'p' }, uid: 'uid-p', propagationPolicy: 'Background' },
    ]);
  });

  it('whose owner is in another namespace has none, and that is said', () => {
    const owners = [{ reference: reference('far'), state: 'absent' as const, isElsewhere: true }];
    const decision = owned({ far: 'absent' }, { owners });
    expect(decision.effects).toMatchObject([{ kind: 'delete', ref: { name: 'p' } }]);
    expect(decision.events).toEqual([
      {
        type: 'Warning',
        reason: 'OwnerRefInvalidNamespace',
        message:
          'ownerRef [apps/v1/ReplicaSet, namespace: a, name: far, uid: uid-far] does not exist in namespace "a"',
      },
    ]);
  });

  it('keeps to the way of deletion that was asked for', () => {
    expect(owned({ one: 'absent' }, { metadata: { finalizers: ['orphan'] } }).effects).toMatchObject([
      { propagationPolicy: 'Orphan' },
    ]);
    const foreground = owned({ one: 'absent' }, { metadata: { finalizers: ['foregroundDeletion'] } });
    expect(foreground.effects).toMatchObject([{ propagationPolicy: 'Foreground' }]);
  });

  it('with one owner left loses its references to the others', () => {
    expect(owned({ here: 'solid', gone: 'absent', going: 'waiting' }).effects).toMatchObject([
      {
        kind: 'patch',
        resourceVersion: '7',
        patch: { metadata: { uid: 'uid-p', ownerReferences: [{ name: 'here' }] } },
      },
    ]);
  });

  it('of whose owner nothing can be told stays', () => {
    expect(owned({ gone: 'absent', unknown: 'unknown' }).effects).toEqual([]);
  });

  it('whose owner waits for it goes, after its own dependents', () => {
    expect(owned({ one: 'waiting' }).effects).toMatchObject([
      { kind: 'delete', propagationPolicy: 'Background' },
    ]);
    const dependents = [{ type: Pods, object: { metadata: meta('kid') } }];
    expect(owned({ one: 'waiting' }, { dependents }).effects).toMatchObject([
      { kind: 'delete', propagationPolicy: 'Foreground' },
    ]);
  });

  it('in a circle of owners that wait for each other blocks none', () => {
    const metadata = meta('kid', { deletionTimestamp: ago(1), finalizers: ['foregroundDeletion'] });
    const { effects } = owned({ one: 'waiting' }, { dependents: [{ type: Pods, object: { metadata } }] });
    expect(effects).toMatchObject([
      {
        kind: 'patch',
        patch: { metadata: { ownerReferences: [{ name: 'one', blockOwnerDeletion: false }] } },
      },
      { kind: 'delete', propagationPolicy: 'Foreground' },
    ]);
  });

  it('that is being deleted is left to it', () => {
    expect(owned({ one: 'absent' }, { metadata: { deletionTimestamp: ago(1) } }).effects).toEqual([]);
  });
});

describe('a deletion', () => {
  it('in the foreground waits for the dependents that block it', () => {
    expect(going('foregroundDeletion', meta('p', { ownerReferences: [reference('rs')] })).effects).toEqual(
      [],
    );
    const done = going('foregroundDeletion', meta('p', { ownerReferences: [reference('rs', false)] }));
    expect(done.effects).toMatchObject([
      { kind: 'patch', ref: { name: 'rs' }, patch: { metadata: { finalizers: ['x/y'] } } },
    ]);
  });

  it('that orphans frees the dependents first', () => {
    const { effects } = going(
      'orphan',
      meta('p', { ownerReferences: [reference('rs'), reference('other')] }),
    );
    expect(effects).toMatchObject([
      { kind: 'patch', ref: { name: 'p' }, patch: { metadata: { ownerReferences: [{ name: 'other' }] } } },
      { kind: 'patch', ref: { name: 'rs' }, patch: { metadata: { finalizers: ['x/y'] } } },
    ]);
  });
});
