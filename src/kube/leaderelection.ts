import type { Lease, LeaseSpec } from 'kubernetes-types/coordination/v1.d.ts';
import type { Logger } from 'pino';
import { type Clock, formatMicroTime, type Instant, Leases, parseTime } from '../api/index.ts';
import { sleep } from './sleep.ts';
import { ApiError, isNotFound, type KubeClient } from './types.ts';

/** Times of a leader election (spec 06 §5). */
export interface LeaseTimes {
  /** How long the others wait after the last renewal that they saw. Default: 15 s. */
  leaseDurationMs: number;
  /** How long the leader tries to renew before it gives up. Default: 10 s. */
  renewDeadlineMs: number;
  /** Time between two attempts; up to a fifth more, at random. Default: 2 s. */
  retryPeriodMs: number;
}

export interface LeaseOptions extends Partial<LeaseTimes> {
  client: Pick<KubeClient, 'get' | 'create' | 'update'>;
  namespace: string;
  /** Name of the Lease. */
  name: string;
  /** Who one is: unique among the candidates, e.g. `<hostname>_<uuid>`. */
  identity: string;
  clock: Clock;
  log?: Logger;
  /** Aborted to end it all; the Lease is then released. */
  signal: AbortSignal;
  /**
   * What the leader does. It must end soon after `signal` aborts, which happens when leadership is lost or all is to
   * end; writes after `held()` has become false would race with the next leader.
   */
  lead(leadership: { signal: AbortSignal; held(): boolean }): Promise<void>;
}

const JITTER = 1.2;
const defaults: LeaseTimes = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

/** What is wrong with the times; undefined when nothing is (OPS-026). */
export function checkLeaseTimes(times: LeaseTimes): string | undefined {
  if (!Object.values(times).every((ms) => ms > 0)) {
    return 'leaseDuration, renewDeadline and retryPeriod must be greater than 0';
  }
  if (times.leaseDurationMs <= times.renewDeadlineMs)
    return 'leaseDuration must be greater than renewDeadline';
  if (times.renewDeadlineMs <= times.retryPeriodMs * JITTER) {
    return 'renewDeadline must be greater than retryPeriod*JitterFactor';
  }
  return undefined;
}

/**
 * Waits to become the leader, leads, and returns when that is over: `stopped` because it was asked to, `lost` because
 * the Lease could not be renewed, `finished` because `lead` returned of itself. There is no second try: a process that
 * has lost its Lease should end (spec 06 §5).
 * @throws RangeError when the times contradict each other; what `lead` throws
 */
export async function runWithLease(options: LeaseOptions): Promise<'stopped' | 'lost' | 'finished'> {
  const times = { ...defaults, ...definedTimes(options) };
  const mistake = checkLeaseTimes(times);
  if (mistake) throw new RangeError(mistake);

  const { signal, log, identity, clock } = options;
  const candidate = new Candidate(options, times);
  const pause = () => sleep(times.retryPeriodMs * (1 + Math.random() * (JITTER - 1)), signal);
  while (!signal.aborted && !(await candidate.tryToHold())) await pause();
  if (signal.aborted) {
    await candidate.release();
    return 'stopped';
  }

  log?.info({ lease: options.name, identity }, 'became leader');
  const leading = new AbortController();
  let outcome: 'stopped' | 'lost' | 'finished' | undefined;
  const work = Promise.resolve({ signal: leading.signal, held: () => candidate.heldUntil > clock() })
    .then(options.lead)
    .finally(() => {
      outcome ??= 'finished';
      leading.abort();
    });
  // Awaited below; meanwhile its failure must not count as unhandled.
  work.catch(() => undefined);
  const stop = () => {
    outcome ??= 'stopped';
    leading.abort();
  };
  signal.addEventListener('abort', stop, { once: true });

  while (!leading.signal.aborted) {
    await sleep(times.retryPeriodMs, leading.signal);
    if (leading.signal.aborted) break;
    await within(candidate.tryToHold(), candidate.renewedAt + times.renewDeadlineMs - clock());
    if (candidate.renewedAt + times.renewDeadlineMs <= clock()) {
      outcome ??= 'lost';
      log?.error({ lease: options.name, identity }, 'lost the lease');
      leading.abort();
    }
  }
  try {
    await work;
  } finally {
    signal.removeEventListener('abort', stop);
    await candidate.release();
  }
  return outcome ?? 'stopped';
}

function definedTimes(options: Partial<LeaseTimes>): Partial<LeaseTimes> {
  const names = ['leaseDurationMs', 'renewDeadlineMs', 'retryPeriodMs'] as const;
  return Object.fromEntries(
    names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
}

class Candidate {
  /** When the Lease was last written by us; only meaningful while it is held. */
  renewedAt: Instant = Number.NEGATIVE_INFINITY;
  readonly #options: LeaseOptions;
  readonly #times: LeaseTimes;
  /** What another's Lease said, and when it was first seen to say so, by our own clock. */
  #observed: { renewal: string; at: Instant } | undefined;

  constructor(options: LeaseOptions, times: LeaseTimes) {
    this.#options = options;
    this.#times = times;
  }

  /** Until when nobody else can have taken the Lease. */
  get heldUntil(): Instant {
    return this.renewedAt + this.#times.leaseDurationMs;
  }

  /** One attempt to take or renew the Lease. */
  async tryToHold(): Promise<boolean> {
    const { clock, log, name, signal } = this.#options;
    const now = clock();
    try {
      if (!(await this.#writeLease(now))) return false;
      // Counted from before the request: the others count from when they see it.
      this.renewedAt = now;
      return true;
    } catch (error) {
      if (!signal.aborted) log?.warn({ lease: name, err: error }, 'cannot take or renew the lease');
      return false;
    }
  }

  /** Gives the Lease up, if it is ours, so that another need not wait for it to run out. */
  async release(): Promise<void> {
    if (this.renewedAt === Number.NEGATIVE_INFINITY) return;
    this.renewedAt = Number.NEGATIVE_INFINITY;
    const { client, clock, identity, log, name } = this.#options;
    try {
      const lease = await this.#read();
      if (lease?.spec?.holderIdentity !== identity) return;
      const now = formatMicroTime(clock());
      const spec = {
        ...lease.spec,
        holderIdentity: '',
        leaseDurationSeconds: 1,
        renewTime: now,
        acquireTime: now,
      };
      await client.update(Leases, { ...lease, spec });
    } catch (error) {
      log?.warn({ lease: name, err: error }, 'cannot release the lease; it will run out');
    }
  }

  async #writeLease(now: Instant): Promise<boolean> {
    const { client, namespace, name, identity } = this.#options;
    const lease = await this.#read();
    if (!lease) {
      const created = { metadata: { name, namespace }, spec: this.#spec(undefined, now) };
      return attempt(client.create(Leases, created));
    }
    if (
      lease.spec?.holderIdentity &&
      lease.spec.holderIdentity !== identity &&
      !this.#hasRunOut(lease, now)
    ) {
      return false;
    }
    return attempt(client.update(Leases, { ...lease, spec: this.#spec(lease.spec, now) }));
  }

  async #read(): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options;
    try {
      return await client.get({ type: Leases, namespace, name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** It has not been renewed for its whole duration since we first saw it like this; clocks may differ between hosts. */
  #hasRunOut({ spec, metadata }: Lease, now: Instant): boolean {
    const renewal = `${spec?.holderIdentity} ${spec?.renewTime} ${metadata?.resourceVersion}`;
    if (this.#observed?.renewal !== renewal) this.#observed = { renewal, at: now };
    const durationMs = (spec?.leaseDurationSeconds ?? this.#times.leaseDurationMs / 1000) * 1000;
    return now >= this.#observed.at + durationMs;
  }

  #spec(before: LeaseSpec | undefined, now: Instant): LeaseSpec {
    const { identity } = this.#options;
    const keeps = before?.holderIdentity === identity;
    const time = formatMicroTime(now);
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#times.leaseDurationMs / 1000),
      acquireTime: keeps && parseTime(before.acquireTime) !== undefined ? before.acquireTime! : time,
      renewTime: time,
      leaseTransitions: before ? (before.leaseTransitions ?? 0) + (keeps ? 0 : 1) : 0,
    };
  }
}

/** Waits for the work, but no longer than this; it then goes on behind. */
async function within(work: Promise<unknown>, ms: number): Promise<void> {
  const timeout = new AbortController();
  await Promise.race([work, sleep(ms, timeout.signal)]);
  timeout.abort();
}

/** False when another candidate was quicker. */
async function attempt(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === 409) return false;
    throw error;
  }
}
