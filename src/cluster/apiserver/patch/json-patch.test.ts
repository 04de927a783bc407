import { describe, expect, it } from 'vitest';
import { PatchError } from './error.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';

const refusal = (change: () => unknown): PatchError => {
  try {
    change();
  } catch (error) {
    if (error instanceof PatchError) return error;
    throw error;
  }
  throw new Error('was not refused');
};

const configMap = {
  metadata: { name: 'a', labels: { x: '1' }, annotations: { 'example.com/path': 'x' } },
  data: { one: '1', two: '2' },
};

describe('applyJsonPatch', () => {
  it('carries out the operations of RFC 6902 and leaves its argument alone', () => {
    const before = structuredClone(configMap);
    const after = applyJsonPatch(configMap, [
      { op: 'test', path: '/data/one', value: '1' },
      { op: 'replace', path: '/data/one', value: 'eins' },
      { op: 'move', from: '/data/two', path: '/data/zwei' },
      { op: 'copy', from: '/data/zwei', path: '/data/copy' },
      { op: 'remove', path: '/metadata/annotations/example.com~1path' },
      { op: 'add', path: '/metadata/labels/z', value: '3' },
    ]);
    expect(after).toEqual({
      metadata: { name: 'a', labels: { x: '1', z: '3' }, annotations: {} },
      data: { one: 'eins', zwei: '2', copy: '2' },
    });
    expect(configMap).toEqual(before);
  });

  it('refuses to copy an object into itself without end', () => {
    const twice = [
      { op: 'copy', from: '/data', path: '/data/one' },
      { op: 'copy', from: '/data', path: '/data/two' },
    ];
    const operations = Array.from({ length: 100 }, () => twice).flat();
    expect(refusal(() => applyJsonPatch(configMap, operations)).status).toBe(422);
  });

  it.each([
    ['a test that fails', { op: 'test', path: '/data/one', value: 'uno' }],
    ['a field that is missing', { op: 'remove', path: '/data/missing' }],
    ['an operation that does not exist', { op: 'frobnicate', path: '/data' }],
  ])('refuses %s with 422', (_what, operation) => {
    const error = refusal(() => applyJsonPatch(configMap, [operation]));
    expect(error.status).toBe(422);
    expect(error.message).toBe('the server rejected our request due to an error in our request');
  });

  it('refuses what is no list with 400', () => {
    expect(refusal(() => applyJsonPatch(configMap, { op: 'add' })).status).toBe(400);
  });

  it('does not touch the prototype of objects', () => {
    expect(refusal(() => applyJsonPatch({}, [{ op: 'add', path: '/__proto__/x', value: 1 }])).status).toBe(
      422,
    );
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe('applyMergePatch', () => {
  it('removes what is null and replaces lists', () => {
    const patch = { metadata: { labels: { x: null, w: '4' } }, data: { two: null } };
    expect(applyMergePatch({ ...configMap, list: [1, 2] }, { ...patch, list: [3] })).toEqual({
      metadata: { name: 'a', labels: { w: '4' }, annotations: { 'example.com/path': 'x' } },
      data: { one: '1' },
      list: [3],
    });
  });

  it('refuses what is no object with 400', () => {
    expect(refusal(() => applyMergePatch(configMap, [])).status).toBe(400);
  });
});
