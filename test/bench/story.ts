import { mkdtemp } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { get, Kanari } from '../e2e/harness/kanari.ts';
import { residentOf } from './processes.ts';
import { MiB, type Rows, seconds } from './rows.ts';

async function untilAnswered(url: string): Promise<void> {
  while ((await get(url)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** From the command to the first answer of the example, and what the machine carries then. */
export async function story(rows: Rows): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'kanari-bench-'));
  const begun = performance.now();
  let kanari = await Kanari.up({ stateDir });
  const up = performance.now();
  await untilAnswered(kanari.gateway);
  const answered = performance.now();
  rows.add('first start until up', seconds(up - begun));
  rows.add('first start until the example answers', seconds(answered - begun));
  rows.add('memory of Kanari with the example', MiB(residentOf(kanari.pid)));
  await gatewayOverhead(rows, kanari.gateway);
  await kanari.stop();
  const again = performance.now();
  kanari = await Kanari.up({ stateDir });
  await untilAnswered(kanari.gateway);
  rows.add('next start until the example answers', seconds(performance.now() - again));
  await kanari.cleanUp();
}

/** Requests per second through the gateway, beside a plain Node.js server that answers by itself. */
async function gatewayOverhead(rows: Rows, gateway: string): Promise<void> {
  const plain = http.createServer((_req, res) => res.end('{"color":"red","status":"ok"}'));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const direct = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
  const load = (url: string) => autocannon({ url, connections: 16, duration: 4 });
  const through = await load(gateway);
  const beside = await load(direct);
  rows.add(
    'gateway, requests/s (16 connections)',
    through.requests.average.toFixed(0),
    `${((100 * through.requests.average) / beside.requests.average).toFixed(0)} % of a plain Node.js server's ${beside.requests.average.toFixed(0)}`,
  );
  rows.add(
    'gateway, delay p50 / p99',
    `${through.latency.p50} / ${through.latency.p99} ms`,
    `plain: ${beside.latency.p50} / ${beside.latency.p99} ms`,
  );
  plain.close();
}
