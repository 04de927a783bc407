import { describe, expect, it } from 'vitest';
import { ConfigMaps } from '../api/index.ts';
import { applyEffect } from './effects.ts';
import { configMap } from './testing/objects.ts';
import { ApiError, type Writer } from './types.ts';

const ref = { type: ConfigMaps, namespace: 'a', name: 'x' };
const what = 'a test';

/** Writes down each call; `delete` answers as told. */
function recordingWriter(calls: unknown[][], onDelete?: ApiError): Writer {
  return {
    async create(type, object) {
      calls.push(['create', type.kind, object]);
      return object;
    },
    async update(_type, object) {
      return object;
    },
    async patch(to, patchType, body, options) {
      calls.push(['patch', to.name, patchType, body, options]);
      return {} as never;
    },
    async delete(to, options) {
      calls.push(['delete', to.name, options]);
      if (onDelete) throw onDelete;
    },
    async evict(to, options) {
      calls.push(['evict', to.name, options]);
      return false;
    },
  };
}

describe('applyEffect', () => {
  it('creates in the namespace of the reference', async () => {
    const calls: unknown[][] = [];
    await applyEffect(recordingWriter(calls), {
      kind: 'create',
      what,
      ref,
      object: { metadata: { name: 'x' } },
    });
    expect(calls).toEqual([['create', 'ConfigMap', { metadata: { name: 'x', namespace: 'a' } }]]);
  });

  it('patches with the version that the decision was made on as a precondition', async () => {
    const calls: unknown[][] = [];
    const patch = { metadata: { labels: { a: 'b' } } };
    await applyEffect(recordingWriter(calls), {
      kind: 'patch',
      what,
      ref,
      patch,
      resourceVersion: '7',
      subresource: 'status',
    });
    await applyEffect(recordingWriter(calls), { kind: 'patch', what, ref, patch });
    expect(calls).toEqual([
      [
        'patch',
        'x',
        'merge',
        { metadata: { labels: { a: 'b' }, resourceVersion: '7' } },
        { subresource: 'status' },
      ],
      ['patch', 'x', 'merge', patch, {}],
    ]);
  });

  it('counts a delete as done when another object has the name by now', async () => {
    const conflict = new ApiError(409, 'Conflict', 'the UID in the precondition differs');
    const calls: unknown[][] = [];
    await applyEffect(recordingWriter(calls, conflict), { kind: 'delete', what, ref, uid: 'u' });
    expect(calls).toEqual([['delete', 'x', { uid: 'u' }]]);
    const forbidden = new ApiError(403, 'Forbidden', 'no');
    await expect(
      applyEffect(recordingWriter([], forbidden), { kind: 'delete', what, ref, uid: 'u' }),
    ).rejects.toBe(forbidden);
  });

  it('takes a refused eviction for no failure', async () => {
    await expect(
      applyEffect(recordingWriter([]), { kind: 'evict', what, ref, uid: 'u' }),
    ).resolves.toBeUndefined();
  });

  it('passes on that an object to be created exists', async () => {
    const exists = new ApiError(409, 'AlreadyExists', 'it exists');
    const writer = { ...recordingWriter([]), create: () => Promise.reject(exists) };
    await expect(applyEffect(writer, { kind: 'create', what, ref, object: configMap('x', 1) })).rejects.toBe(
      exists,
    );
  });
});
