import type { Probe } from 'kubernetes-types/core/v1.d.ts';
import type { Clock, Instant } from '../../../api/index.ts';
import { type CheckResult, type CheckTarget, runCheck } from './checks.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

const TITLE = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const;
/** First pause between early attempts; it doubles up to the probe's period. */
const EARLY_MS = 50;

export interface ProberOptions {
  target: CheckTarget;
  /** When the run started; initialDelaySeconds count from here. */
  startedAt: Instant;
  clock: Clock;
  /** What an earlier agent knew of this run. */
  known?: { started: boolean; ready: boolean } | undefined;
  /** Something in started, ready or unhealthy has changed. */
  onChange(): void;
  /** A check has failed; the text of the event `Unhealthy`. */
  onFailure(message: string): void;
  /** Other than what the container says, e.g. that it is ready once its port answers. */
  readinessProbe?: Probe | undefined;
}

/**
 * The probes of one run of a container. A probe that is waited for (startup, and readiness until its first success) is
 * tried more often than its period at first, so that a container that is ready after 100 ms counts as ready then; such
 * early failures are not counted.
 */
export class Prober {
  readonly #options: ProberOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;
  started: boolean;
  ready: boolean;
  unhealthy: { probe: 'liveness' | 'startup'; graceSeconds?: number | undefined } | undefined;

  constructor(options: ProberOptions) {
    this.#options = options;
    const { startupProbe } = options.target.container;
    this.started = options.known?.started ?? !startupProbe;
    this.ready = options.known?.ready ?? !this.#readinessProbe;
  }

  start(): void {
    const { startupProbe } = this.#options.target.container;
    if (this.started || !startupProbe) this.#afterStartup();
    else this.#run('startup', startupProbe);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  get #readinessProbe(): Probe | undefined {
    return this.#options.readinessProbe ?? this.#options.target.container.readinessProbe;
  }

  #afterStartup(): void {
    const { livenessProbe } = this.#options.target.container;
    if (livenessProbe) this.#run('liveness', livenessProbe);
    if (this.#readinessProbe) this.#run('readiness', this.#readinessProbe);
  }

  #run(kind: ProbeKind, probe: Probe): void {
    const { startedAt, clock, known } = this.#options;
    const initialDelayMs = (probe.initialDelaySeconds ?? 0) * 1000;
    const delay = known ? 0 : startedAt + initialDelayMs - clock();
    const loop = new ProbeLoop(kind, probe, this.#options.target);
    const tick = async () => {
      const outcome = await loop.check(kind === 'readiness' ? this.ready : kind === 'liveness');
      if (this.#stopped) return;
      if (outcome.failure !== undefined) {
        this.#options.onFailure(`${TITLE[kind]} probe failed: ${outcome.failure}`);
      }
      const goOn = this.#apply(kind, probe, outcome.verdict);
      if (goOn) this.#after(outcome.pauseMs, tick);
    };
    this.#after(Math.max(0, delay), tick);
  }

  /** Takes a verdict in; false when this probe has done its work. */
  #apply(kind: ProbeKind, probe: Probe, verdict: boolean | undefined): boolean {
    if (verdict === undefined) return true;
    if (kind === 'readiness') {
      if (this.ready === verdict) return true;
      this.ready = verdict;
      this.#options.onChange();
      return true;
    }
    if (!verdict) {
      this.unhealthy = { probe: kind, graceSeconds: probe.terminationGracePeriodSeconds };
      this.stop();
      this.#options.onChange();
      return false;
    }
    if (kind === 'liveness') return true;
    this.started = true;
    this.#afterStartup();
    this.#options.onChange();
    return false;
  }

  #after(ms: number, action: () => Promise<void>): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void action();
    }, ms);
    this.#timers.add(timer);
  }
}

/** Counts the successes and failures of one probe against its thresholds. */
class ProbeLoop {
  readonly #kind: ProbeKind;
  readonly #probe: Probe;
  readonly #target: CheckTarget;
  readonly #periodMs: number;
  #earlyMs = EARLY_MS;
  #waitedMs = 0;
  #row = { ok: true, length: 0 };

  constructor(kind: ProbeKind, probe: Probe, target: CheckTarget) {
    this.#kind = kind;
    this.#probe = probe;
    this.#target = target;
    this.#periodMs = (probe.periodSeconds ?? 10) * 1000;
  }

  /**
   * One check. `verdict` once a threshold is reached; `failure` is the text of a failure that counts. `settled`: the
   * probe is not waited for, so that every check counts.
   */
  async check(settled: boolean): Promise<{ verdict?: boolean; failure?: string; pauseMs: number }> {
    const result = await runCheck(this.#probe, this.#target, (this.#probe.timeoutSeconds ?? 1) * 1000);
    if (!settled && !result.ok && this.#waitedMs + this.#earlyMs < this.#periodMs) return this.#early();
    this.#earlyMs = EARLY_MS;
    this.#waitedMs = 0;
    return { ...this.#count(result), pauseMs: settled || result.ok ? this.#periodMs : EARLY_MS };
  }

  #early() {
    const pauseMs = this.#earlyMs;
    this.#waitedMs += pauseMs;
    this.#earlyMs = Math.min(this.#earlyMs * 2, this.#periodMs);
    return { pauseMs };
  }

  #count({ ok, output }: CheckResult): { verdict?: boolean; failure?: string } {
    this.#row = this.#row.ok === ok ? { ok, length: this.#row.length + 1 } : { ok, length: 1 };
    const { successThreshold = 1, failureThreshold = 3 } = this.#probe;
    const threshold = ok && this.#kind === 'readiness' ? successThreshold : ok ? 1 : failureThreshold;
    return {
      ...(this.#row.length >= threshold && { verdict: ok }),
      ...(!ok && { failure: output }),
    };
  }
}
