import { expect, it } from 'vitest';
import { matchesSelector } from '../../../api/index.ts';
import { formatMilli, milliValue } from './quantities.ts';
import { parseSelector, SelectorError } from './selector.ts';

it.each([
  ['app=x', { app: 'x' }, true],
  ['app==x,tier=a', { app: 'x', tier: 'b' }, false],
  ['app!=x', {}, true],
  ['app in (x, y),!old', { app: 'y' }, true],
  ['app in (x,y),!old', { app: 'y', old: '' }, false],
  ['app notin (x,y)', { app: 'z' }, true],
  ['a.b/c-d', { 'a.b/c-d': '' }, true],
])('%s on %j: %s', (text, labels, expected) => {
  expect(matchesSelector(parseSelector(text), labels)).toBe(expected);
});

it.each(['=x', 'a in x', 'a b'])('refuses %j', (text) => {
  expect(() => parseSelector(text)).toThrow(SelectorError);
});

it.each([
  ['4889976n', 5, '5m'],
  ['70m', 70, '70m'],
  ['2', 2000, '2'],
  ['2k', 2_000_000, '2k'],
  ['1432Ki', 1_466_368_000, '1466368'],
  ['0', 0, '0'],
])('%s is %i thousandths, written %s', (text, milli, written) => {
  expect(milliValue(text)).toBe(milli);
  expect(formatMilli(milli)).toBe(written);
});
