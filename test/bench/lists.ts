import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.ts';
import { KubeApiserver } from './kube-apiserver.ts';
import { makePods, PODS } from './pods.ts';
import { MiB, ms, type Rows, whole } from './rows.ts';
import { Served } from './served.ts';

const COUNT = 10_000;
const PAGE = 500;
const TIMES = 5;
/** Both servers give memory that they no longer need back after a while only. */
const QUIET_MS = 30_000;

/** What is measured, and how it is called. */
const WORKS: Record<string, (connection: Connection) => Promise<unknown>> = {
  'list of 10,000 pods': (connection) => connection.send('GET', PODS),
  'list of 10,000 pods in pages of 500': (connection) => paged(connection),
  'list of 10,000 pods as a table, pages of 500': (connection) =>
    paged(connection, 'application/json;as=Table;v=v1;g=meta.k8s.io'),
  'list of one of 10,000 pods by label': (connection) =>
    connection.send('GET', `${PODS}?labelSelector=app%3Dother`),
};

/** Lists of 10,000 pods, whole and in pages, what they do to others, and the memory that the pods take. */
export async function lists(rows: Rows): Promise<void> {
  const kube = await kubeLists();
  const server = await Served.start();
  const { memory: before } = await server.vitals('collect');
  await makePods(() => server.connect(), COUNT);
  await delay(QUIET_MS);
  const { memory: after } = await server.vitals('collect');
  rows.add(
    'memory of the API server with 10,000 pods: resident / heap',
    `${MiB(after.rss)} / ${MiB(after.heapUsed)}`,
    [
      `without: ${MiB(before.rss)} / ${MiB(before.heapUsed)}`,
      `per pod ${((after.heapUsed - before.heapUsed) / COUNT / 1024).toFixed(1)} KiB of heap`,
      ...(kube
        ? [`kube-apiserver: ${MiB(kube.memory.own)}, and etcd ${MiB(kube.memory.etcd)}, resident`]
        : []),
    ].join('; '),
  );
  for (const [what, work] of Object.entries(WORKS)) {
    const { best, beside } = await measured(server, work);
    rows.add(
      what,
      ms(best),
      [...(kube ? [`kube-apiserver: ${ms(kube.best.get(what) ?? 0)}`] : []), beside].join('; '),
    );
  }
  await delay(QUIET_MS);
  const { memory: used } = await server.vitals('collect');
  rows.add(
    'memory of the API server after these lists: resident / heap',
    `${MiB(used.rss)} / ${MiB(used.heapUsed)}`,
  );
  await server.cleanUp();
}

async function kubeLists() {
  if (!KubeApiserver.isInstalled()) return undefined;
  const server = await KubeApiserver.start();
  await makePods(() => server.connect(), COUNT);
  await delay(QUIET_MS);
  const memory = server.memory();
  const best = new Map<string, number>();
  const connection = server.connect();
  for (const [what, work] of Object.entries(WORKS)) best.set(what, await bestOf(() => work(connection)));
  connection.close();
  await server.cleanUp();
  return { memory, best };
}

async function paged(connection: Connection, accept = 'application/json'): Promise<void> {
  let next = '';
  do {
    const query = `limit=${PAGE}${next && `&continue=${encodeURIComponent(next)}`}`;
    const { metadata } = await connection.json<{ metadata: { continue?: string } }>(
      'GET',
      `${PODS}?${query}`,
      undefined,
      { accept },
    );
    next = metadata.continue ?? '';
  } while (next);
}

async function bestOf(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < TIMES; i += 1) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return Math.min(...times);
}

/** The best of a few times in milliseconds, beside what another client's small reads had to wait meanwhile. */
async function measured(server: Served, work: (connection: Connection) => Promise<unknown>) {
  const connection = server.connect();
  const other = server.connect();
  const waits: number[] = [];
  let running = true;
  const reading = (async () => {
    while (running) {
      const begun = performance.now();
      await other.send('GET', '/version');
      waits.push(performance.now() - begun);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  await server.vitals('reset');
  const best = await bestOf(() => work(connection));
  const { delay: loop } = await server.vitals();
  running = false;
  await reading;
  connection.close();
  other.close();
  const beside = `event loop delayed p99 / max ${ms(loop.p99)} / ${ms(loop.max)}; small reads meanwhile ${whole(waits.length)}, at most ${ms(Math.max(...waits))}`;
  return { best, beside };
}
