import type { Connection } from './connection.ts';
import { MiB, ms, percentile, type Rows } from './rows.ts';
import { Served } from './served.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const CLIENTS = 50;
const OBJECTS = 200;
const WRITES = 2000;
const VALUE = 'x'.repeat(100_000);

/** Clients that ask for much and read nothing: what they cost the server, and what others notice of them. */
export async function stalled(rows: Rows): Promise<void> {
  const server = await Served.start();
  const writer = server.connect();
  for (let i = 0; i < OBJECTS; i += 1) await write(writer, i, 'POST');
  const alone = await writeTimes(writer);
  const { memory: before } = await server.vitals('collect');
  const lazy = Array.from({ length: CLIENTS }, () => server.connect());
  for (const connection of lazy) {
    open(connection, `${CONFIGMAPS}?watch=true`);
    open(connection, CONFIGMAPS);
  }
  await server.vitals('reset');
  const beside = await writeTimes(writer);
  const { delay } = await server.vitals();
  const { memory: after } = await server.vitals('collect');
  rows.add(
    `${CLIENTS} watchers and ${CLIENTS} readers of a list that read nothing, ${MiB(WRITES * VALUE.length)} of changes: memory of the API server`,
    MiB(after.rss),
    `before them: ${MiB(before.rss)}`,
  );
  rows.add(
    'writes of 100 KB beside them, p50 / p99',
    `${ms(percentile(beside, 0.5))} / ${ms(percentile(beside, 0.99))}`,
    `without them: ${ms(percentile(alone, 0.5))} / ${ms(percentile(alone, 0.99))}; event loop delayed p99 / max ${ms(delay.p99)} / ${ms(delay.max)}`,
  );
  for (const connection of [...lazy, writer]) connection.close();
  await server.cleanUp();
}

function open(connection: Connection, path: string): void {
  const stream = connection.open('GET', path);
  // Cut in the end.
  stream.on('error', () => {});
}

/** How long each of many writes takes, in milliseconds. */
async function writeTimes(writer: Connection): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < WRITES; i += 1) {
    const begun = performance.now();
    await write(writer, i % OBJECTS, 'PUT');
    times.push(performance.now() - begun);
  }
  return times;
}

function write(connection: Connection, i: number, method: 'POST' | 'PUT'): Promise<number> {
  const path = method === 'POST' ? CONFIGMAPS : `${CONFIGMAPS}/c${i}`;
  const data = { value: VALUE, at: `${performance.now()}` };
  return connection.send(method, path, JSON.stringify({ metadata: { name: `c${i}` }, data }));
}
