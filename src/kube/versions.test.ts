import { expect, it } from 'vitest';
import { configMap } from './testing/objects.ts';
import { isOlderVersion, isStale } from './versions.ts';

it('compares versions as numbers of any length', () => {
  expect(isOlderVersion('9', '10')).toBe(true);
  expect(isOlderVersion('10', '10')).toBe(false);
  expect(isOlderVersion('11', '10')).toBe(false);
  expect(isOlderVersion('9007199254740993', '9007199254740994')).toBe(true);
});

it('OPS-032 knows a cached copy from before a write; without comparable versions none is stale', () => {
  expect(isStale(configMap('x', 4), '5')).toBe(true);
  expect(isStale(configMap('x', 5), '5')).toBe(false);
  expect(isStale(configMap('x', 5), undefined)).toBe(false);
  expect(isOlderVersion('abc', 'abd')).toBe(false);
});
