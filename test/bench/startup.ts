import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { perSecond } from './connection.ts';
import { MiB, type Rows, seconds } from './rows.ts';
import { Served } from './served.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const OBJECTS = 10_000;
const VALUE = 'x'.repeat(9500);

/** How long the API server takes to be ready, by what it finds. */
export async function startup(rows: Rows): Promise<void> {
  const first = await Served.start();
  const { stateDir } = first;
  await first.stop();
  const empty = await restarts(stateDir);
  rows.add(
    'start of the API server, empty log',
    seconds(empty),
    `first start, with certificates: ${seconds(first.startMs)}`,
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
  rows.add(
    `start of the API server, log of ${MiB(size)} (10,000 objects)`,
    seconds(await restarts(stateDir)),
  );
  await (await Served.start(stateDir)).cleanUp();
}

async function restarts(stateDir: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    const server = await Served.start(stateDir);
    times.push(server.startMs);
    await server.stop();
  }
  return Math.min(...times);
}
