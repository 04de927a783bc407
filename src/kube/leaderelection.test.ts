import type { Lease } from 'kubernetes-types/coordination/v1.d.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkLeaseTimes, type LeaseOptions, runWithLease } from './leaderelection.ts';
import { ApiError } from './types.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

/** A server with one Lease and optimistic concurrency; `down` makes it fail or hang. */
function leaseServer() {
  let lease: Lease | undefined;
  let version = 0;
  const state = { down: undefined as 'fails' | 'hangs' | undefined, writes: 0 };
  const answer = async (): Promise<void> => {
    if (state.down === 'fails') throw new ApiError(0, 'Unreachable', 'cannot reach the server');
    if (state.down === 'hangs') await new Promise(() => undefined);
  };
  const write = (next: Lease) => {
    state.writes++;
    lease = { ...next, metadata: { ...next.metadata, resourceVersion: String(++version) } };
    return lease as never;
  };
  const client: LeaseOptions['client'] = {
    async get() {
      await answer();
      if (!lease) throw new ApiError(404, 'NotFound', 'no lease');
      return lease as never;
    },
    async create(_type, object) {
      await answer();
      if (lease) throw new ApiError(409, 'AlreadyExists', 'it exists');
      return write(object as Lease);
    },
    async update(_type, object) {
      await answer();
      if (object.metadata?.resourceVersion !== lease?.metadata?.resourceVersion)
        throw new ApiError(409, 'Conflict', 'stale');
      return write(object as Lease);
    },
  };
  return { client, state, lease: () => lease };
}

function candidate(client: LeaseOptions['client'], identity: string, extra: Partial<LeaseOptions> = {}) {
  const stop = new AbortController();
  const seen = {
    leads: false,
    heldWhileDraining: false,
    held: () => true,
    ended: undefined as string | undefined,
  };
  const done = runWithLease({
    client,
    namespace: 'kanari',
    name: 'argo-rollouts-controller-lock',
    identity,
    clock: Date.now,
    signal: stop.signal,
    async lead({ signal, held }) {
      seen.leads = true;
      seen.held = held;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      seen.leads = false;
      seen.heldWhileDraining = held();
    },
    ...extra,
  }).then((outcome) => {
    seen.ended = outcome;
    return outcome;
  });
  return { seen, done, stop: () => stop.abort() };
}

describe('runWithLease', () => {
  it('OPS-023 lets one of two lead, and the other take over within 20 s after a kill', async () => {
    const { client, lease } = leaseServer();
    const frozen = { ...client };
    const first = candidate(frozen, 'one');
    await vi.advanceTimersByTimeAsync(100);
    const second = candidate(client, 'two');
    await vi.advanceTimersByTimeAsync(60_000);
    expect([first.seen.leads, second.seen.leads]).toEqual([true, false]);
    expect(lease()?.spec).toMatchObject({
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    });
    // Killed: it renews no more.
    frozen.get = () => new Promise(() => undefined);
    await vi.advanceTimersByTimeAsync(12_500);
    expect(second.seen.leads).toBe(false);
    await vi.advanceTimersByTimeAsync(7_000);
    expect(second.seen.leads).toBe(true);
    expect(lease()?.spec).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 });
    second.stop();
    await second.done;
  });

  it('OPS-024 releases the Lease on a graceful stop, so that the other leads within 5 s', async () => {
    const { client, lease } = leaseServer();
    const first = candidate(client, 'one');
    const second = candidate(client, 'two');
    await vi.advanceTimersByTimeAsync(10_000);
    first.stop();
    await first.done;
    expect(first.seen.ended).toBe('stopped');
    expect(lease()?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(second.seen.leads).toBe(true);
    second.stop();
    await second.done;
  });

  it.each(['fails', 'hangs'] as const)(
    'OPS-025 stops leading before the Lease runs out when the server %s',
    async (down) => {
      const { client, state } = leaseServer();
      const leader = candidate(client, 'one');
      await vi.advanceTimersByTimeAsync(5_000);
      state.down = down;
      await vi.advanceTimersByTimeAsync(7_000);
      expect(leader.seen.leads).toBe(true);
      await vi.advanceTimersByTimeAsync(5_100);
      expect(leader.seen.leads).toBe(false);
      expect(leader.seen.heldWhileDraining).toBe(true);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(leader.seen.held()).toBe(false);
      state.down = undefined;
      if (down === 'fails') expect(await leader.done).toBe('lost');
    },
  );

  it('rides out failures that are shorter than the deadline', async () => {
    const { client, state } = leaseServer();
    const leader = candidate(client, 'one');
    await vi.advanceTimersByTimeAsync(5_000);
    state.down = 'fails';
    await vi.advanceTimersByTimeAsync(7_000);
    state.down = undefined;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(leader.seen.leads).toBe(true);
    leader.stop();
    expect(await leader.done).toBe('stopped');
  });

  it('ends when the work does, and passes on what it throws', async () => {
    const { client, lease } = leaseServer();
    expect(await candidate(client, 'one', { lead: async () => undefined }).done).toBe('finished');
    expect(lease()?.spec?.holderIdentity).toBe('');
    const lead = () => Promise.reject(new Error('caches do not sync'));
    await expect(candidate(client, 'one', { lead }).done).rejects.toThrow('caches do not sync');
  });

  it('stops while it waits, and touches nothing then', async () => {
    const { client, state } = leaseServer();
    const leader = candidate(client, 'one');
    await vi.advanceTimersByTimeAsync(100);
    const waiting = candidate(client, 'two');
    await vi.advanceTimersByTimeAsync(5_000);
    const writes = state.writes;
    waiting.stop();
    expect(await waiting.done).toBe('stopped');
    expect(state.writes).toBe(writes);
    leader.stop();
    await leader.done;
  });

  it('OPS-026 refuses times that contradict each other', async () => {
    const times = { leaseDurationMs: 10_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
    expect(checkLeaseTimes(times)).toBe('leaseDuration must be greater than renewDeadline');
    expect(checkLeaseTimes({ ...times, renewDeadlineMs: 2_400 })).toBe(
      'renewDeadline must be greater than retryPeriod*JitterFactor',
    );
    expect(checkLeaseTimes({ ...times, retryPeriodMs: 0 })).toMatch('greater than 0');
    expect(checkLeaseTimes({ ...times, leaseDurationMs: 15_000 })).toBeUndefined();
    const { client } = leaseServer();
    await expect(candidate(client, 'one', times).done).rejects.toThrow(RangeError);
  });
});
