import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeFields,
  difference,
  encodeFields,
  intersection,
  isEmpty,
  memberPaths,
  sameFields,
  union,
} from './field-set.ts';

/** Random FieldsV1, as they are written. */
const fields = fc.letrec<{ node: Record<string, unknown> }>((tie) => ({
  node: fc.dictionary(
    fc.constantFrom('f:a', 'f:b', 'f:c', 'k:{"name":"x"}', 'v:"y"'),
    fc.option(tie('node'), { nil: {}, depthSize: 'small' }) as fc.Arbitrary<Record<string, unknown>>,
    { maxKeys: 3 },
  ),
})).node;

describe('field sets', () => {
  it('are written as they are read', () => {
    const json = { 'f:spec': { '.': {}, 'f:ports': { 'k:{"port":80}': { '.': {}, 'f:port': {} } } } };
    expect(encodeFields(decodeFields(json))).toEqual(json);
  });

  it('follow the laws of sets', () => {
    fc.assert(
      fc.property(fields, fields, (x, y) => {
        const [a, b] = [decodeFields(x), decodeFields(y)];
        expect(sameFields(union(a, b), union(b, a))).toBe(true);
        expect(sameFields(union(difference(a, b), intersection(a, b)), a)).toBe(true);
        expect(isEmpty(intersection(difference(a, b), b))).toBe(true);
        expect(sameFields(decodeFields(encodeFields(a)), a)).toBe(true);
      }),
    );
  });

  it('name their members for people, those of one level first', () => {
    const set = decodeFields({
      'f:spec': { 'f:containers': { 'k:{"name":"main"}': { '.': {}, 'f:image': {} } }, 'f:replicas': {} },
    });
    expect(memberPaths(set)).toEqual([
      '.spec.replicas',
      '.spec.containers[name="main"]',
      '.spec.containers[name="main"].image',
    ]);
  });
});
