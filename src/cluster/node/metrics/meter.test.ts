import { expect, it } from 'vitest';
import { Meter } from './meter.ts';

const SECOND = 1e9;
const usage = (seconds: number) => new Map([['a', { cpuNanoseconds: seconds * SECOND, memoryBytes: 1 }]]);
const unknownStart = () => undefined;

it('tells the rate between two looks', () => {
  const meter = new Meter();
  meter.read(0, usage(100), unknownStart);
  expect(meter.measurement('a')).toBeUndefined();
  meter.read(10_000, usage(105), unknownStart);
  expect(meter.measurement('a')).toMatchObject({ at: 10_000, windowMs: 10_000, cpuNanocores: 0.5e9 });
});

it('tells the rate of what began after the last look at once', () => {
  const meter = new Meter();
  meter.read(0, new Map(), unknownStart);
  meter.read(10_000, usage(1), () => 6000);
  expect(meter.measurement('a')).toMatchObject({ windowMs: 4000, cpuNanocores: 0.25e9 });
});

it('does not take the past of what it sees for the first time for its present', () => {
  const meter = new Meter();
  meter.read(10_000, usage(1000), () => 6000);
  expect(meter.measurement('a')).toBeUndefined();
  meter.read(20_000, usage(1001), () => 6000);
  expect(meter.measurement('a')?.cpuNanocores).toBe(0.1e9);
});

it('never counts backwards when a process takes its time with it', () => {
  const meter = new Meter();
  for (const [at, seconds] of [
    [0, 10],
    [1000, 11],
    [2000, 4],
  ] as const) {
    meter.read(at, usage(seconds), unknownStart);
  }
  expect(meter.measurement('a')).toMatchObject({ cpuNanocores: 0, cpuNanoseconds: 11 * SECOND });
  meter.read(3000, usage(5), unknownStart);
  expect(meter.measurement('a')).toMatchObject({ cpuNanocores: 1e9, cpuNanoseconds: 12 * SECOND });
});

it('forgets what has gone', () => {
  const meter = new Meter();
  meter.read(0, usage(1), unknownStart);
  meter.read(1000, usage(1), unknownStart);
  meter.read(2000, new Map(), unknownStart);
  expect(meter.measurement('a')).toBeUndefined();
});
