import type { Dispatcher } from './dispatch.ts';
import { delivered } from './drain.ts';
import type { Exchange } from './exchange.ts';

/** As many as kube-apiserver works on at once by default, reading and writing. */
const RUNNING = 600;
const WAITING = 5000;
/** A quarter of the time that a request may take, as kube-apiserver bounds it. */
const WAIT_MS = 15_000;
const RETRY_AFTER_SECONDS = 1;

export interface InFlightOptions {
  /** Requests that are worked on at once. Default: 600. */
  running?: number;
  /** Requests that wait for their turn. Default: 5,000. */
  waiting?: number;
  /** How long they wait at most. Default: 15 seconds. */
  waitMs?: number;
}

/**
 * A dispatcher with a queue in front. It bounds the requests that are worked on at once, and so the memory that their
 * bodies and answers take: further ones wait in a queue of bounded length and time, before their bodies are read, and
 * those that find it full are answered 429. There is one queue for all: no priorities, no fairness among users. Streams
 * are not counted.
 */
export class InFlight {
  readonly #next: Pick<Dispatcher, 'dispatch'>;
  readonly #options: Required<InFlightOptions>;
  #running = 0;
  readonly #waiting = new Set<() => void>();

  constructor(
    next: Pick<Dispatcher, 'dispatch'>,
    { running = RUNNING, waiting = WAITING, waitMs = WAIT_MS }: InFlightOptions = {},
  ) {
    this.#next = next;
    this.#options = { running, waiting, waitMs };
  }

  /** Has the request answered in its turn, or answers 429. @throws StatusError */
  async dispatch(exchange: Exchange): Promise<void> {
    if (isUnbounded(exchange)) return this.#next.dispatch(exchange);
    if (!(await this.#enter())) {
      exchange.send(429, 'text/plain; charset=utf-8', 'Too many requests, please try again later.\n', {
        'retry-after': String(RETRY_AFTER_SECONDS),
        'x-content-type-options': 'nosniff',
      });
      return;
    }
    try {
      // Who has gone away while waiting needs no answer.
      if (!exchange.gone) await this.#next.dispatch(exchange);
      await delivered(exchange.response);
    } finally {
      this.#leave();
    }
  }

  /** Whether the turn has come. */
  #enter(): boolean | Promise<boolean> {
    const { running, waiting, waitMs } = this.#options;
    if (this.#running < running) {
      this.#running += 1;
      return true;
    }
    if (this.#waiting.size >= waiting) return false;
    return new Promise((resolve) => {
      const begin = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(begin);
        resolve(false);
      }, waitMs).unref();
      this.#waiting.add(begin);
    });
  }

  /** Hands the turn on. */
  #leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

const STREAMS = /\/(exec|attach|portforward|proxy|log)$/;
const PROBES = /^\/(healthz|livez|readyz)(\/|$)/;

const isUnbounded = ({ url, query }: Exchange) =>
  ['true', '1'].includes(query.get('watch') ?? '') || STREAMS.test(url.pathname) || PROBES.test(url.pathname);
