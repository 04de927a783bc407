import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WorkQueue } from './workqueue.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);

/** Work that ends when the test says. */
function heldWork() {
  const started: string[] = [];
  const finish = new Map<string, () => void>();
  const process = (key: string) => {
    started.push(key);
    return new Promise<void>((resolve) => finish.set(key, resolve));
  };
  return { started, finish: (key: string) => finish.get(key)?.(), process };
}

describe('a work queue', () => {
  it('works on a key that is added often once', async () => {
    const done: string[] = [];
    const queue = new WorkQueue({ process: async (key) => void done.push(key) });
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    await queue.idle();
    expect(done).toEqual(['a', 'b']);
  });

  it('OPS-036 never works on a key twice at once, and never on more keys than it may', async () => {
    const { started, finish, process } = heldWork();
    const queue = new WorkQueue({ process, concurrency: 2 });
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await settle();
    expect(started).toEqual(['a', 'b']);
    queue.add('a');
    queue.add('a');
    finish('b');
    await settle();
    expect(started).toEqual(['a', 'b', 'c']);
    finish('a');
    await settle();
    expect(started).toEqual(['a', 'b', 'c', 'a']);
    finish('c');
    finish('a');
    await queue.idle();
    expect(started).toHaveLength(4);
  });

  it('OPS-033 backs off 1 ms doubling to 10 s; success begins anew', async () => {
    const at: number[] = [];
    let fails = true;
    const queue = new WorkQueue({
      async process() {
        at.push(Date.now());
        if (fails) throw new Error('no');
      },
    });
    queue.add('a');
    await vi.advanceTimersByTimeAsync(60_000);
    const gaps = at.slice(1).map((time, i) => time - at[i]!);
    expect(gaps.slice(0, 16)).toEqual([
      1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 10_000, 10_000,
    ]);
    fails = false;
    await vi.advanceTimersByTimeAsync(10_000);
    const soFar = at.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(at.length).toBe(soFar);
    fails = true;
    queue.add('a');
    await vi.advanceTimersByTimeAsync(1);
    expect(at.length).toBe(soFar + 2);
    await queue.stop();
  });

  it('works at once on an event, whatever the back-off', async () => {
    let calls = 0;
    const queue = new WorkQueue({
      backoff: { baseMs: 60_000, maxMs: 60_000 },
      async process() {
        calls++;
        throw new Error('no');
      },
    });
    queue.add('a');
    await settle();
    queue.add('a');
    await settle();
    expect(calls).toBe(2);
    await queue.stop();
  });

  it('OPS-034 drops a key whose failure is final, and reports it', async () => {
    const errors: unknown[] = [];
    const queue = new WorkQueue({
      process: async () => {
        throw new Error('gone');
      },
      isFinal: (error) => error instanceof Error && error.message === 'gone',
      onError: (key, error) => void errors.push([key, error]),
    });
    queue.add('a');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(errors).toEqual([['a', new Error('gone')]]);
  });

  it('OPS-035 goes on with other keys after an exception', async () => {
    const done: string[] = [];
    const queue = new WorkQueue({
      concurrency: 1,
      process(key) {
        if (key === 'bad') throw new Error('thrown before a promise was made');
        done.push(key);
        return Promise.resolve();
      },
    });
    queue.add('bad');
    queue.add('good');
    await settle();
    expect(done).toEqual(['good']);
    await queue.stop();
  });

  it('comes back when the work asks for it, and at the earliest of several times', async () => {
    const at: number[] = [];
    const start = Date.now();
    const queue = new WorkQueue({
      async process() {
        at.push(Date.now() - start);
        return at.length === 1 ? { requeueAfterMs: 5000 } : undefined;
      },
    });
    queue.addAfter('a', 3000);
    queue.addAfter('a', 1000);
    queue.addAfter('a', 2000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(at).toEqual([1000, 6000]);
  });

  it('can wait for longer than a timer can', async () => {
    let calls = 0;
    const queue = new WorkQueue({ process: async () => void calls++ });
    const days = 24 * 3600 * 1000;
    queue.addAfter('a', 60 * days);
    await vi.advanceTimersByTimeAsync(59 * days);
    expect(calls).toBe(0);
    await vi.advanceTimersByTimeAsync(2 * days);
    expect(calls).toBe(1);
  });

  it('when stopped finishes what it has begun and begins nothing more', async () => {
    const { started, finish, process } = heldWork();
    const queue = new WorkQueue({ process, concurrency: 1 });
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    await settle();
    let stopped = false;
    const stopping = queue.stop().then(() => {
      stopped = true;
    });
    queue.add('d');
    await vi.advanceTimersByTimeAsync(1000);
    expect(stopped).toBe(false);
    finish('a');
    await stopping;
    await vi.advanceTimersByTimeAsync(1000);
    expect(started).toEqual(['a']);
  });
});
