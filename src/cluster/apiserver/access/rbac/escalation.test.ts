import type { PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { EVERYTHING, missingRights, rightsText } from './escalation.ts';

const rule = (
  verbs: string[],
  apiGroups: string[],
  resources: string[],
  resourceNames?: string[],
): PolicyRule => ({
  verbs,
  apiGroups,
  resources,
  ...(resourceNames && { resourceNames }),
});

describe('rights that are missing', () => {
  it('are told one resource a line, its verbs together', () => {
    const held = [rule(['get'], [''], ['pods'])];
    const wanted = [rule(['get', 'list', 'watch'], [''], ['secrets', 'pods'])];
    expect(rightsText(missingRights(held, wanted))).toBe(
      '{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list" "watch"]}',
    );
  });

  it.each([
    ['by everything', EVERYTHING, [rule(['*'], ['*'], ['*'])], 0],
    [
      'by parts that add up',
      [rule(['get'], [''], ['a']), rule(['list'], [''], ['a'])],
      [rule(['get', 'list'], [''], ['a'])],
      0,
    ],
    ['not: every verb by one', [rule(['get'], [''], ['a'])], [rule(['*'], [''], ['a'])], 1],
    ['not: all names by one name', [rule(['get'], [''], ['a'], ['x'])], [rule(['get'], [''], ['a'])], 1],
    ['one name by all names', [rule(['get'], [''], ['a'])], [rule(['get'], [''], ['a'], ['x'])], 0],
    [
      'two names by one of them: half',
      [rule(['get'], [''], ['a'], ['x'])],
      [rule(['get'], [''], ['a'], ['x', 'y'])],
      1,
    ],
    ['a subresource by it of all', [rule(['get'], [''], ['*/scale'])], [rule(['get'], [''], ['a/scale'])], 0],
    [
      'a path by those above',
      [{ verbs: ['get'], nonResourceURLs: ['/api/*'] }],
      [{ verbs: ['get'], nonResourceURLs: ['/api/v1'] }],
      0,
    ],
    [
      'not: a path by resources',
      [rule(['*'], ['*'], ['*'])],
      [{ verbs: ['get'], nonResourceURLs: ['/x'] }],
      1,
    ],
  ] as [string, PolicyRule[], PolicyRule[], number][])('are covered %s', (_how, held, wanted, missing) => {
    expect(missingRights(held, wanted)).toHaveLength(missing);
  });
});
