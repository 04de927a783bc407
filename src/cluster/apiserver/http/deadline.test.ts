import { expect, it } from 'vitest';
import { checkTimeout, durationProblem } from './deadline.ts';

it.each([
  ['1', 'missing unit in duration "1"'],
  ['00', 'missing unit in duration "00"'],
  ['1.5.5s', 'missing unit in duration "1.5.5s"'],
  ['5x', 'unknown unit "x" in duration "5x"'],
  ['1e3s', 'unknown unit "e" in duration "1e3s"'],
  ['1s ', 'unknown unit "s " in duration "1s "'],
  ['abc', 'invalid duration "abc"'],
  ['-', 'invalid duration "-"'],
])('%j is no duration', (text, problem) => {
  expect(durationProblem(text)).toBe(problem);
  expect(() => checkTimeout(new URLSearchParams({ timeout: text }), undefined)).toThrow(
    `invalid timeout specified in the request URL - time: ${problem}`,
  );
});

it.each(['0', '1s', '-1s', '+5s', '.5s', '1.s', '1h1m', '3µs'])('%j is one', (text) => {
  expect(durationProblem(text)).toBeUndefined();
});

it('is not looked at for what may run for long', () => {
  const query = new URLSearchParams({ timeout: 'x', watch: '1' });
  expect(() => checkTimeout(query, undefined)).not.toThrow();
});
