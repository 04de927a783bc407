// Measures Kanari on this machine and prints a table: `npm run bench`. Every figure is taken in this one run, beside
// what it is compared with, since machines differ. Nothing here is a test.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { pino } from 'pino';
import { ConfigMaps } from '../../src/api/index.ts';
import { startApiServer } from '../../src/cluster/apiserver/index.ts';
import { createClient, loadConnection } from '../../src/kube/index.ts';
import { get, Kanari } from '../e2e/harness/kanari.ts';

interface Row {
  what: string;
  measured: string;
  against?: string;
}

const rows: Row[] = [];
const row = (what: string, measured: string, against?: string) => {
  rows.push({ what, measured, ...(against && { against }) });
  console.error(`  ${what}: ${measured}${against ? ` (${against})` : ''}`);
};

/** Resident memory of a process in MiB; Linux. */
async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

async function untilAnswered(url: string): Promise<void> {
  while ((await get(url)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** From the command to the first answer of the example, and what the machine carries then. */
async function startUp(): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'kanari-bench-'));
  const begun = performance.now();
  let kanari = await Kanari.up({ stateDir });
  const up = performance.now();
  await untilAnswered(kanari.gateway);
  const answered = performance.now();
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  row('first start until up', seconds(up - begun));
  row('first start until the example answers', seconds(answered - begun));
  row('memory of Kanari with the example', `${(await residentMiB(kanari.pid)).toFixed(0)} MiB`);
  await gatewayOverhead(kanari.gateway);
  await kanari.stop();
  const again = performance.now();
  kanari = await Kanari.up({ stateDir });
  await untilAnswered(kanari.gateway);
  row('next start until the example answers', seconds(performance.now() - again));
  await kanari.cleanUp();
}

/** Requests per second through the gateway, beside a plain Node.js server that answers by itself. */
async function gatewayOverhead(gateway: string): Promise<void> {
  const plain = http.createServer((_req, res) => res.end('{"color":"red","status":"ok"}'));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const direct = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
  const load = (url: string) => autocannon({ url, connections: 16, duration: 4 });
  const through = await load(gateway);
  const beside = await load(direct);
  row(
    'gateway, requests/s (16 connections)',
    through.requests.average.toFixed(0),
    `${((100 * through.requests.average) / beside.requests.average).toFixed(0)} % of a plain Node.js server's ${beside.requests.average.toFixed(0)}`,
  );
  row(
    'gateway, delay p50 / p99',
    `${through.latency.p50} / ${through.latency.p99} ms`,
    `plain: ${beside.latency.p50} / ${beside.latency.p99} ms`,
  );
  plain.close();
}

/** Durable writes and reads of the API server, by the number of clients at once. */
async function apiServer(): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'kanari-bench-'));
  const server = await startApiServer({ stateDir, port: 0, clock: Date.now, log: pino({ level: 'silent' }) });
  const client = createClient(await loadConnection({ kubeconfig: server.kubeconfigPath }));
  const namespace = 'default';
  let next = 0;
  for (const clients of [1, 8, 64]) {
    const total = clients === 1 ? 500 : 2000;
    const name = (i: number) => `bench-${clients}-${i}`;
    const perSecond = async (work: (i: number) => Promise<unknown>) => {
      next = 0;
      const begun = performance.now();
      await Promise.all(
        Array.from({ length: clients }, async () => {
          while (next < total) await work(next++);
        }),
      );
      return (total / (performance.now() - begun)) * 1000;
    };
    const creates = await perSecond((i) =>
      client.create(ConfigMaps, { metadata: { namespace, name: name(i) }, data: { value: 'x'.repeat(200) } }),
    );
    const patches = await perSecond((i) =>
      client.patch({ type: ConfigMaps, namespace, name: name(i) }, 'merge', { data: { value: String(i) } }),
    );
    const gets = await perSecond((i) => client.get({ type: ConfigMaps, namespace, name: name(i) }));
    row(
      `API server, ${clients} client${clients > 1 ? 's' : ''}: creates / patches / gets per second`,
      [creates, patches, gets].map((value) => value.toFixed(0)).join(' / '),
    );
  }
  await client.close();
  await server.close();
  await rm(stateDir, { recursive: true, force: true });
}

await startUp();
await apiServer();

const width = Math.max(...rows.map(({ what }) => what.length));
console.log();
for (const { what, measured, against } of rows) {
  console.log(`${what.padEnd(width)}  ${measured}${against ? `  (${against})` : ''}`);
}
