import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Exchange } from './exchange.ts';
import { InFlight } from './inflight.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A request that is worked on until `finish`, and what it was answered. */
class Request {
  begun = false;
  answered: number | undefined;
  headers: Record<string, string> | undefined;
  finish = () => {};
  /** Passes what it is given to the network when that is told to go on. */
  readonly response = new Writable({
    write: (_chunk, _encoding, done) => {
      this.read = done;
    },
  });
  read = () => {};
  readonly url: URL;
  readonly query: URLSearchParams;
  gone = false;

  constructor(path: string) {
    this.url = new URL(path, 'https://kanari');
    this.query = this.url.searchParams;
  }

  send(status: number, _type: string, _body: string, headers: Record<string, string>): void {
    this.answered = status;
    this.headers = headers;
  }
}

function server(options: ConstructorParameters<typeof InFlight>[1]) {
  const dispatch = (exchange: Exchange) => {
    const request = exchange as unknown as Request;
    request.begun = true;
    return new Promise<void>((resolve) => {
      request.finish = resolve;
    });
  };
  const inFlight = new InFlight({ dispatch }, options);
  return async (path = '/api/v1/pods') => {
    const request = new Request(path);
    void inFlight.dispatch(request as unknown as Exchange);
    await vi.advanceTimersByTimeAsync(0);
    return request;
  };
}

describe('requests in flight', () => {
  it('beyond the bound wait in order, and those beyond the queue are told to come again', async () => {
    const ask = server({ running: 2, waiting: 2, waitMs: 1000 });
    const requests = [await ask(), await ask(), await ask(), await ask(), await ask()];
    expect(requests.map(({ begun }) => begun)).toEqual([true, true, false, false, false]);
    expect([requests[4]?.answered, requests[4]?.headers?.['retry-after']]).toEqual([429, '1']);
    requests[1]?.finish();
    await vi.advanceTimersByTimeAsync(0);
    expect(requests.map(({ begun }) => begun)).toEqual([true, true, true, false, false]);
  });

  it('do not wait for ever', async () => {
    const ask = server({ running: 1, waiting: 5, waitMs: 1000 });
    const first = await ask();
    const second = await ask();
    await vi.advanceTimersByTimeAsync(1001);
    expect(second.answered).toBe(429);
    first.finish();
    await vi.advanceTimersByTimeAsync(0);
    expect((await ask()).begun).toBe(true);
    expect(second.begun).toBe(false);
  });

  it('give their turn on when their client has gone meanwhile', async () => {
    const ask = server({ running: 1, waiting: 5, waitMs: 1000 });
    const [first, gone, third] = [await ask(), await ask(), await ask()];
    gone.gone = true;
    first.finish();
    await vi.advanceTimersByTimeAsync(0);
    expect([gone.begun, third.begun]).toEqual([false, true]);
  });

  it('count until their answers have been read, and are cut when that does not happen', async () => {
    const ask = server({ running: 1, waiting: 5, waitMs: 100_000 });
    const [first, second, third] = [await ask(), await ask(), await ask()];
    for (const request of [first, second]) request.response.end('a long answer');
    first.finish();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(second.begun).toBe(false);
    first.read();
    await vi.advanceTimersByTimeAsync(0);
    expect(second.begun).toBe(true);
    second.finish();
    await vi.advanceTimersByTimeAsync(59_000);
    expect([second.response.destroyed, third.begun]).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([second.response.destroyed, third.begun]).toEqual([true, true]);
  });

  it.each(['/api/v1/pods?watch=true', '/api/v1/namespaces/a/pods/b/log', '/healthz', '/livez/ping'])(
    'do not hold up %s',
    async (path) => {
      const ask = server({ running: 0, waiting: 0, waitMs: 1000 });
      expect((await ask(path)).begun).toBe(true);
      expect((await ask()).answered).toBe(429);
    },
  );
});
