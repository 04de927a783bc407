import { type Connection, perSecond } from './connection.ts';
import { Etcd } from './etcd.ts';
import { micros, type Rows, whole } from './rows.ts';
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
    const before = (await server.vitals()).cpuMs;
    const creates = await rate((connection, i) => connection.send('POST', CONFIGMAPS, body(i, VALUE)));
    const perCreate = ((await server.vitals()).cpuMs - before) / total;
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
    const gets = await rate((connection, i) => connection.send('GET', `${CONFIGMAPS}/${name(i)}`));
    const many = clients === 1 ? '1 client' : `${clients} clients`;
    const beside = etcd.get(clients);
    rows.add(
      `API server, ${many}: durable creates / updates / patches per second`,
      [creates, updates, patches].map(whole).join(' / '),
      beside && `etcd alone, puts: ${whole(beside.puts)}`,
    );
    rows.add(
      `API server, ${many}: processor time per create`,
      micros(perCreate),
      beside && `etcd alone, per put: ${micros(beside.perPut)}`,
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

interface Rates {
  puts: number;
  gets: number;
  /** Processor time of one put, in milliseconds. */
  perPut: number;
}

async function etcdRates(): Promise<Map<number, Rates>> {
  const rates = new Map<number, Rates>();
  if (!Etcd.isInstalled()) return rates;
  const etcd = await Etcd.start();
  // About as many bytes as the API server keeps of one of these objects.
  const value = Buffer.alloc(600, 'x');
  for (const clients of CLIENTS) {
    const connections = Array.from({ length: clients }, () => etcd.connect());
    const total = clients === 1 ? 1500 : 6000;
    const key = (i: number) => `/registry/configmaps/default/bench-${clients}-${i}`;
    const before = etcd.cpuMs();
    const puts = await perSecond(connections, total, (connection, i) => etcd.put(connection, key(i), value));
    const perPut = (etcd.cpuMs() - before) / total;
    const gets = await perSecond(connections, total, (connection, i) => etcd.get(connection, key(i)));
    rates.set(clients, { puts, gets, perPut });
    for (const connection of connections) connection.close();
  }
  await etcd.stop();
  return rates;
}
