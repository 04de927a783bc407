import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.ts';
import { ms, percentile, type Rows, whole } from './rows.ts';
import { Served } from './served.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const WATCHERS = 1000;
const CONNECTIONS = 20;
const SECONDS = 5;

/** 1,000 watches of one collection: how late events come at 100 per second, and how many there can be. */
export async function watchers(rows: Rows): Promise<void> {
  const server = await Served.start();
  const connections = Array.from({ length: CONNECTIONS }, () => server.connect());
  const arrivals = new Arrivals();
  for (let i = 0; i < WATCHERS; i += 1) await arrivals.open(connections[i % CONNECTIONS] as Connection);
  const { memory } = await server.vitals('collect');
  rows.add('memory of the API server with 1,000 open watches', `${(memory.rss / 2 ** 20).toFixed(0)} MiB`);
  const writer = server.connect();
  await writer.send('POST', CONFIGMAPS, JSON.stringify({ metadata: { name: 'clock' } }));
  await server.vitals('reset');
  arrivals.reset();
  const begun = performance.now();
  for (let i = 0; i < SECONDS * 100; i += 1) {
    await delay(Math.max(0, begun + i * 10 - performance.now()));
    void arrivals.write(writer, 1);
  }
  await arrivals.all(SECONDS * 100 * WATCHERS);
  const { delay: loop, cpuMs } = await server.vitals();
  rows.add(
    '1,000 watchers, 100 events/s: delay from write to arrival p50 / p99',
    `${ms(percentile(arrivals.delays, 0.5))} / ${ms(percentile(arrivals.delays, 0.99))}`,
    `event loop delayed p99 / max ${ms(loop.p99)} / ${ms(loop.max)}`,
  );
  arrivals.reset();
  const burst = performance.now();
  await arrivals.write(writer, 500);
  await arrivals.all(500 * WATCHERS);
  const rate = (500 * WATCHERS * 1000) / (performance.now() - burst);
  const perDelivery = ((await server.vitals()).cpuMs - cpuMs) / (500 * WATCHERS);
  rows.add(
    '1,000 watchers, as many events as can be: deliveries per second',
    whole(rate),
    `${whole(rate / WATCHERS)} events/s to each; ${(1000 * perDelivery).toFixed(1)} µs of the server's processor time per delivery`,
  );
  for (const connection of [...connections, writer]) connection.close();
  await server.cleanUp();
}

/** Counts events and how long after the write's beginning they came; reads of each line only what it must. */
class Arrivals {
  delays: number[] = [];
  #count = 0;
  #wake = () => {};

  reset(): void {
    this.delays = [];
    this.#count = 0;
  }

  async open(connection: Connection): Promise<void> {
    const stream = connection.open(
      'GET',
      `${CONFIGMAPS}?watch=true&resourceVersion=1&fieldSelector=metadata.name%3Dclock`,
    );
    stream.setEncoding('latin1');
    stream.on('error', () => {});
    let rest = '';
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      const now = performance.now();
      for (const line of lines) {
        const sent = /"sent":"([\d.]+)"/.exec(line)?.[1];
        if (sent === undefined) continue;
        this.#count += 1;
        this.delays.push(now - Number(sent));
      }
      this.#wake();
    });
    await new Promise((resolve) => stream.once('response', resolve));
  }

  /** Changes the watched object so often, one after the other. */
  async write(connection: Connection, times: number): Promise<void> {
    for (let i = 0; i < times; i += 1) {
      const body = JSON.stringify({ data: { sent: String(performance.now()) } });
      await connection.send('PATCH', `${CONFIGMAPS}/clock`, body, 'application/merge-patch+json');
    }
  }

  async all(count: number): Promise<void> {
    while (this.#count < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
