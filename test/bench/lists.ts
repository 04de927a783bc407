import type { Connection } from './connection.ts';
import { makePods, PODS } from './pods.ts';
import { MiB, ms, type Rows, whole } from './rows.ts';
import { Served } from './served.ts';

const COUNT = 10_000;
const PAGE = 500;
const TIMES = 5;

/** Lists of 10,000 pods, whole and in pages, what they do to others, and the memory that the pods take. */
export async function lists(rows: Rows): Promise<void> {
  const server = await Served.start();
  const { memory: before } = await server.vitals('collect');
  await makePods(() => server.connect(), COUNT);
  const { memory: after } = await server.vitals('collect');
  rows.add(
    'memory of the API server with 10,000 pods: resident / heap',
    `${MiB(after.rss)} / ${MiB(after.heapUsed)}`,
    `without: ${MiB(before.rss)} / ${MiB(before.heapUsed)}; per pod ${((after.heapUsed - before.heapUsed) / COUNT / 1024).toFixed(1)} KiB of heap`,
  );
  const connection = server.connect();
  const bytes = await connection.send('GET', PODS);
  await measure(rows, server, `list of 10,000 pods (${MiB(bytes)})`, () => connection.send('GET', PODS));
  await measure(rows, server, `list of 10,000 pods in pages of ${PAGE}`, () => paged(connection));
  await measure(rows, server, 'list of 10,000 pods as a table, pages of 500', () =>
    paged(connection, 'application/json;as=Table;v=v1;g=meta.k8s.io'),
  );
  await measure(rows, server, 'list of one of 10,000 pods by label', () =>
    connection.send('GET', `${PODS}?labelSelector=app%3Dother`),
  );
  connection.close();
  const { memory: used } = await server.vitals('collect');
  rows.add(
    'memory of the API server after these lists: resident / heap',
    `${MiB(used.rss)} / ${MiB(used.heapUsed)}`,
  );
  await server.cleanUp();
}

async function paged(connection: Connection, accept = 'application/json'): Promise<void> {
  let next = '';
  do {
    const query = `limit=${PAGE}${next && `&continue=${encodeURIComponent(next)}`}`;
    const { metadata } = await connection.json<{ metadata: { continue?: string } }>(
      'GET',
      `${PODS}?${query}`,
      undefined,
      {
        accept,
      },
    );
    next = metadata.continue ?? '';
  } while (next);
}

/** The best of a few times, beside what another client's small reads had to wait meanwhile. */
async function measure(
  rows: Rows,
  server: Served,
  what: string,
  work: () => Promise<unknown>,
): Promise<void> {
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
  const times: number[] = [];
  for (let i = 0; i < TIMES; i += 1) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  const { delay } = await server.vitals();
  running = false;
  await reading;
  other.close();
  rows.add(
    what,
    ms(Math.min(...times)),
    `event loop delayed p99 / max ${ms(delay.p99)} / ${ms(delay.max)}; small reads meanwhile ${whole(waits.length)}, at most ${ms(Math.max(...waits))}`,
  );
}
