import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { perSecond } from './connection.ts';
import { KubeApiserver } from './kube-apiserver.ts';
import { MiB, type Rows, seconds } from './rows.ts';
import { Served } from './served.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const OBJECTS = 10_000;
const TIMES = 3;
const VALUE = 'x'.repeat(9500);

/** How long the API server takes from the command to its first answer, by what it finds. */
export async function startup(rows: Rows): Promise<void> {
  const kube = await kubeStart();
  const first = await Served.start();
  const { stateDir } = first;
  await first.stop();
  const empty = await restarts(stateDir);
  rows.add(
    'start of the API server, empty log',
    seconds(empty.readyMs),
    [
      ...(kube === undefined ? [] : [`kube-apiserver, its etcd running: ${seconds(kube)}`]),
      `without what Node.js needs to start: ${seconds(empty.startMs)}, the first time ${seconds(first.startMs)}`,
    ].join('; '),
  );
  const server = await Served.start(stateDir);
  const connections = Array.from({ length: 16 }, () => server.connect());
  await perSecond(connections, OBJECTS, (connection, i) =>
    connection.send(
      'POST',
      CONFIGMAPS,
      JSON.stringify({ metadata: { name: `c-${i}` }, data: { value: VALUE } }),
    ),
  );
  for (const connection of connections) connection.close();
  await server.stop();
  const { size } = await stat(join(stateDir, 'state.db'));
  const full = await restarts(stateDir);
  rows.add(
    `start of the API server, log of ${MiB(size)} (10,000 objects)`,
    seconds(full.readyMs),
    `without what Node.js needs to start: ${seconds(full.startMs)}`,
  );
  await (await Served.start(stateDir)).cleanUp();
}

/** The best of a few starts, in milliseconds. */
async function restarts(stateDir: string): Promise<{ readyMs: number; startMs: number }> {
  const ready: number[] = [];
  const start: number[] = [];
  for (let i = 0; i < TIMES; i += 1) {
    const begun = performance.now();
    const server = await Served.start(stateDir);
    const connection = server.connect();
    await connection.send('GET', '/readyz');
    ready.push(performance.now() - begun);
    start.push(server.startMs);
    connection.close();
    await server.stop();
  }
  return { readyMs: Math.min(...ready), startMs: Math.min(...start) };
}

async function kubeStart(): Promise<number | undefined> {
  if (!KubeApiserver.isInstalled()) return undefined;
  const times: number[] = [];
  for (let i = 0; i < TIMES; i += 1) {
    const server = await KubeApiserver.start();
    times.push(server.readyMs);
    await server.cleanUp();
  }
  return Math.min(...times);
}
