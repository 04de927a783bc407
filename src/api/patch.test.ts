import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffMergePatch, equal, mergePatch } from './patch.ts';

describe('equal', () => {
  it('takes members that are undefined for absent, and no notice of their order', () => {
    expect(equal({ a: 1, b: undefined }, { a: 1 })).toBe(true);
    expect(equal({ a: 1 }, { b: undefined, a: 1 })).toBe(true);
    expect(equal({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true);
    expect(equal({ a: 1 }, { a: 1, b: null })).toBe(false);
    expect(equal({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBe(true);
    expect(equal({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
    expect(equal({ a: {} }, { a: [] })).toBe(false);
    expect(equal(null, {})).toBe(false);
  });
});

describe('diffMergePatch', () => {
  // A merge patch cannot say null: it removes the member.
  const json = fc
    .jsonValue({ maxDepth: 3 })
    .map((value) => JSON.parse(JSON.stringify(value, (_, member) => (member === null ? 0 : member))));
  const objects = fc.dictionary(fc.constantFrom('a', 'b', 'valueOf', '__proto__'), json);

  it('makes the one object of the other, and nothing of two that are the same', () => {
    fc.assert(
      fc.property(objects, objects, (from, to) => {
        const patch = diffMergePatch(from, to);
        expect(patch === undefined).toBe(equal(from, to));
        expect(equal(mergePatch(from, patch ?? {}), to)).toBe(true);
      }),
    );
  });
});
