import { type Connection, perSecond } from './connection.ts';
import { Etcd } from './etcd.ts';
import { type Rows, whole } from './rows.ts';
import { Served } from './served.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const CLIENTS = [1, 8, 64];
const VALUE = 'x'.repeat(200);

/** Durable writes and reads per second, by the number of clients at once, beside etcd's. */
export async function writes(rows: Rows): Promise<void> {
  const etcd = await etcdRates();
  const server = await Served.start();
  for (const clients of CLIENTS) {
    const connections = Array.from({ length: clients }, () => server.connect());
    const total = clients === 1 ? 1500 : 6000;
    const rate = (call: (connection: Connection, i: number) => Promise<unknown>) =>
      perSecond(connections, total, call);
    const name = (i: number) => `bench-${clients}-${i}`;
    const body = (i: number, value: string) =>
      JSON.stringify({ metadata: { name: name(i) }, data: { value } });
    const creates = await rate((connection, i) => connection.send('POST', CONFIGMAPS, body(i, VALUE)));
    const updates = await rate((connection, i) =>
      connection.send('PUT', `${CONFIGMAPS}/${name(i)}`, body(i, `${i}`)),
    );
    const patches = await rate((connection, i) =>
      connection.send(
        'PATCH',
        `${CONFIGMAPS}/${name(i)}`,
        '{"data":{"more":"1"}}',
        'application/merge-patch+json',
      ),
    );
    await server.vitals('reset');
    const gets = await rate((connection, i) => connection.send('GET', `${CONFIGMAPS}/${name(i)}`));
    const many = clients === 1 ? '1 client' : `${clients} clients`;
    const beside = etcd.get(clients);
    rows.add(
      `API server, ${many}: durable creates / updates / patches per second`,
      [creates, updates, patches].map(whole).join(' / '),
      beside && `etcd alone, puts: ${whole(beside.puts)}`,
    );
    rows.add(
      `API server, ${many}: gets per second`,
      whole(gets),
      beside && `etcd alone: ${whole(beside.gets)}`,
    );
    for (const connection of connections) connection.close();
  }
  await server.cleanUp();
}

async function etcdRates(): Promise<Map<number, { puts: number; gets: number }>> {
  const rates = new Map<number, { puts: number; gets: number }>();
  if (!Etcd.isInstalled()) return rates;
  const etcd = await Etcd.start();
  // About as many bytes as the API server keeps of one of these objects.
  const value = Buffer.alloc(600, 'x');
  for (const clients of CLIENTS) {
    const connections = Array.from({ length: clients }, () => etcd.connect());
    const total = clients === 1 ? 1500 : 6000;
    const key = (i: number) => `/registry/configmaps/default/bench-${clients}-${i}`;
    const puts = await perSecond(connections, total, (connection, i) => etcd.put(connection, key(i), value));
    const gets = await perSecond(connections, total, (connection, i) => etcd.get(connection, key(i)));
    rates.set(clients, { puts, gets });
    for (const connection of connections) connection.close();
  }
  await etcd.stop();
  return rates;
}
