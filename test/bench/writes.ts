import { type Connection, perSecond } from './connection.ts';
import { Etcd } from './etcd.ts';
import { KubeApiserver } from './kube-apiserver.ts';
import { micros, ms, type Rows, whole } from './rows.ts';
import { Served } from './served.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const CLIENTS = [1, 8, 64];
const VALUE = 'x'.repeat(200);

const totalOf = (clients: number) => (clients === 1 ? 1500 : 6000);

/** Per second, but for the processor time of one create in milliseconds. */
interface Rates {
  creates: number;
  updates: number;
  patches: number;
  gets: number;
  perCreate: number;
}

/** Durable writes and reads per second, by the number of clients at once, beside etcd's and kube-apiserver's. */
export async function writes(rows: Rows): Promise<void> {
  const etcd = await etcdRates();
  const kube = await kubeRates();
  const server = await Served.start();
  for (const clients of CLIENTS) {
    await server.vitals('reset');
    const rates = await ratesOf(server, clients);
    const { delay } = await server.vitals();
    const beside = kube.get(clients);
    const alone = etcd.get(clients);
    const against = (...texts: (string | undefined)[]) => texts.filter(Boolean).join('; ');
    const many = clients === 1 ? '1 client' : `${clients} clients`;
    rows.add(
      `API server, ${many}: durable creates / updates / patches per second`,
      writesOf(rates),
      against(
        beside && `kube-apiserver: ${writesOf(beside)}`,
        alone && `etcd alone, puts: ${whole(alone.puts)}`,
      ),
    );
    rows.add(
      `API server, ${many}: gets per second`,
      whole(rates.gets),
      against(beside && `kube-apiserver: ${whole(beside.gets)}`, alone && `etcd alone: ${whole(alone.gets)}`),
    );
    rows.add(
      `API server, ${many}: processor time per create`,
      micros(rates.perCreate),
      against(
        beside && `kube-apiserver: ${micros(beside.perCreate)}`,
        alone && `etcd alone, per put: ${micros(alone.perPut)}`,
      ),
    );
    rows.add(
      `API server, ${many}: event loop delayed p99 / max meanwhile`,
      `${ms(delay.p99)} / ${ms(delay.max)}`,
    );
  }
  await server.cleanUp();
}

const writesOf = ({ creates, updates, patches }: Rates) => [creates, updates, patches].map(whole).join(' / ');

async function ratesOf(
  server: { connect(): Connection; cpuMs(): Promise<number> },
  clients: number,
): Promise<Rates> {
  const connections = Array.from({ length: clients }, () => server.connect());
  const total = totalOf(clients);
  const rate = (call: (connection: Connection, i: number) => Promise<unknown>) =>
    perSecond(connections, total, call);
  const name = (i: number) => `bench-${clients}-${i}`;
  const body = (i: number, value: string) => JSON.stringify({ metadata: { name: name(i) }, data: { value } });
  const before = await server.cpuMs();
  const creates = await rate((connection, i) => connection.send('POST', CONFIGMAPS, body(i, VALUE)));
  const perCreate = ((await server.cpuMs()) - before) / total;
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
  for (const connection of connections) connection.close();
  return { creates, updates, patches, gets, perCreate };
}

async function kubeRates(): Promise<Map<number, Rates>> {
  const rates = new Map<number, Rates>();
  if (!KubeApiserver.isInstalled()) return rates;
  const server = await KubeApiserver.start();
  for (const clients of CLIENTS) rates.set(clients, await ratesOf(server, clients));
  await server.cleanUp();
  return rates;
}

interface EtcdRates {
  puts: number;
  gets: number;
  /** Processor time of one put, in milliseconds. */
  perPut: number;
}

async function etcdRates(): Promise<Map<number, EtcdRates>> {
  const rates = new Map<number, EtcdRates>();
  if (!Etcd.isInstalled()) return rates;
  const etcd = await Etcd.start();
  // About as many bytes as the API server keeps of one of these objects.
  const value = Buffer.alloc(600, 'x');
  for (const clients of CLIENTS) {
    const connections = Array.from({ length: clients }, () => etcd.connect());
    const total = totalOf(clients);
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
