import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.ts';
import { KubeApiserver } from './kube-apiserver.ts';
import { MiB, ms, percentile, type Rows, whole } from './rows.ts';
import { Served } from './served.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const WATCHERS = 1000;
const CONNECTIONS = 20;
const SECONDS = 5;
const BURST = 500;

/** 1,000 watches of one collection: how late events come at 100 per second, and how many there can be. */
export async function watchers(rows: Rows): Promise<void> {
  const kube = await kubeWatchers();
  const server = await Served.start();
  const watches = await Watches.open(server);
  const { memory } = await server.vitals('collect');
  rows.add(
    'memory of the API server with 1,000 open watches',
    MiB(memory.rss),
    kube && `kube-apiserver: ${MiB(kube.memory.own)}, and etcd ${MiB(kube.memory.etcd)}`,
  );
  await server.vitals('reset');
  const steady = await watches.steady();
  const { delay: loop, cpuMs } = await server.vitals();
  rows.add(
    '1,000 watchers, 100 events/s: delay from write to arrival p50 / p99',
    delaysOf(steady),
    `${kube ? `kube-apiserver: ${delaysOf(kube.steady)}; ` : ''}event loop delayed p99 / max ${ms(loop.p99)} / ${ms(loop.max)}`,
  );
  const rate = await watches.burst();
  const perDelivery = ((await server.cpuMs()) - cpuMs) / (BURST * WATCHERS);
  rows.add(
    '1,000 watchers, as many events as can be: deliveries per second',
    whole(rate),
    `${kube ? `kube-apiserver: ${whole(kube.rate)}; ` : ''}${whole(rate / WATCHERS)} events/s to each; ${(1000 * perDelivery).toFixed(1)} µs of the server's processor time per delivery`,
  );
  watches.close();
  await server.cleanUp();
}

async function kubeWatchers() {
  if (!KubeApiserver.isInstalled()) return undefined;
  const server = await KubeApiserver.start();
  const watches = await Watches.open(server);
  const memory = server.memory();
  const steady = await watches.steady();
  const rate = await watches.burst();
  watches.close();
  await server.cleanUp();
  return { memory, steady, rate };
}

const delaysOf = (delays: readonly number[]) =>
  `${ms(percentile(delays, 0.5))} / ${ms(percentile(delays, 0.99))}`;

/** 1,000 watches of one object, and a client that changes it. */
class Watches {
  readonly #connections: readonly Connection[];
  readonly #writer: Connection;
  readonly #arrivals = new Arrivals();

  private constructor(connections: readonly Connection[], writer: Connection) {
    this.#connections = connections;
    this.#writer = writer;
  }

  static async open(server: { connect(): Connection }): Promise<Watches> {
    const connections = Array.from({ length: CONNECTIONS }, () => server.connect());
    const writer = server.connect();
    const clock = await writer.json<{ metadata: { resourceVersion: string } }>(
      'POST',
      CONFIGMAPS,
      JSON.stringify({ metadata: { name: 'clock' } }),
    );
    const watches = new Watches(connections, writer);
    for (let i = 0; i < WATCHERS; i += 1) {
      await watches.#arrivals.open(
        connections[i % CONNECTIONS] as Connection,
        clock.metadata.resourceVersion,
      );
    }
    return watches;
  }

  /** How late events come at 100 per second, in milliseconds. */
  async steady(): Promise<readonly number[]> {
    this.#arrivals.reset();
    const begun = performance.now();
    for (let i = 0; i < SECONDS * 100; i += 1) {
      await delay(Math.max(0, begun + i * 10 - performance.now()));
      void this.#arrivals.write(this.#writer, 1);
    }
    await this.#arrivals.all(SECONDS * 100 * WATCHERS);
    return this.#arrivals.delays;
  }

  /** Deliveries per second when changes come as fast as they can be made. */
  async burst(): Promise<number> {
    this.#arrivals.reset();
    const begun = performance.now();
    await this.#arrivals.write(this.#writer, BURST);
    await this.#arrivals.all(BURST * WATCHERS);
    return (BURST * WATCHERS * 1000) / (performance.now() - begun);
  }

  close(): void {
    for (const connection of [...this.#connections, this.#writer]) connection.close();
  }
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

  async open(connection: Connection, after: string): Promise<void> {
    const stream = connection.open(
      'GET',
      `${CONFIGMAPS}?watch=true&resourceVersion=${after}&fieldSelector=metadata.name%3Dclock`,
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
