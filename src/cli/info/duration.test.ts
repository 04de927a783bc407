import { describe, expect, it } from 'vitest';
import { humanDuration } from './duration.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

describe('humanDuration', () => {
  it.each([
    [-2, '<invalid>'],
    [-1.5, '0s'],
    [0, '0s'],
    [95, '95s'],
    [119, '119s'],
    [120, '2m'],
    [134, '2m14s'],
    [599, '9m59s'],
    [600, '10m'],
    [65 * MINUTE, '65m'],
    [3 * HOUR - 1, '179m'],
    [3 * HOUR, '3h'],
    [4 * HOUR + 5 * MINUTE, '4h5m'],
    [8 * HOUR - 1, '7h59m'],
    [8 * HOUR, '8h'],
    [30 * HOUR, '30h'],
    [48 * HOUR - 1, '47h'],
    [48 * HOUR, '2d'],
    [51 * HOUR, '2d3h'],
    [8 * DAY - 1, '7d23h'],
    [8 * DAY, '8d'],
    [9 * DAY, '9d'],
    [2 * YEAR - 1, '729d'],
    [2 * YEAR, '2y'],
    [2 * YEAR + 3 * DAY, '2y3d'],
    [8 * YEAR, '8y'],
  ])('CLI-075 %d s is %s', (seconds, text) => {
    expect(humanDuration(seconds * 1000)).toBe(text);
  });
});
