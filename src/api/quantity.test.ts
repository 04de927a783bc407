import { expect, it } from 'vitest';
import { parseQuantity } from './index.ts';

it.each([
  ['500m', 0.5],
  ['0.5', 0.5],
  ['5e-1', 0.5],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['2k', 2000],
  ['-3', -3],
  ['100n', 1e-7],
  ['1Q', undefined],
  ['', undefined],
  ['a lot', undefined],
])('the quantity %j is %j', (text, expected) => {
  expect(parseQuantity(text)).toBe(expected);
});
