import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from './connection.ts';

/** etcd alone, as Debian's `etcd-server` brings it; what kube-apiserver would put in front costs more time. */
export class Etcd {
  readonly #child: ChildProcess;
  readonly #dir: string;
  readonly #url: string;

  private constructor(child: ChildProcess, dir: string, url: string) {
    this.#child = child;
    this.#dir = dir;
    this.#url = url;
  }

  static isInstalled(): boolean {
    return spawnSync('etcd', ['--version']).status === 0;
  }

  static async start(): Promise<Etcd> {
    const dir = await mkdtemp(join(tmpdir(), 'kanari-bench-etcd-'));
    const [client, peer] = (await Promise.all([freePort(), freePort()])).map(
      (port) => `http://127.0.0.1:${port}`,
    );
    const child = spawn(
      'etcd',
      [
        '--data-dir',
        dir,
        '--listen-client-urls',
        client ?? '',
        '--advertise-client-urls',
        client ?? '',
      ].concat(
        ['--listen-peer-urls', peer ?? '', '--initial-advertise-peer-urls', peer ?? ''],
        ['--initial-cluster', `default=${peer}`, '--logger', 'zap', '--log-level', 'error'],
      ),
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const etcd = new Etcd(child, dir, client ?? '');
    for (;;) {
      const probe = etcd.connect();
      const up = await etcd.put(probe, 'probe', Buffer.from('x')).then(
        () => true,
        () => false,
      );
      probe.close();
      if (up) return etcd;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Processor time since its start, in milliseconds; Linux. */
  cpuMs(): number {
    // The name may hold spaces; what follows it does not. User and system time are in ticks of 10 ms.
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return 10 * (Number(fields[11]) + Number(fields[12]));
  }

  connect(): Connection {
    return new Connection(this.#url);
  }

  /** A durable write, over gRPC as kube-apiserver does it, without TLS. */
  put(connection: Connection, key: string, value: Buffer): Promise<void> {
    return unary(
      connection,
      '/etcdserverpb.KV/Put',
      Buffer.concat([field(1, Buffer.from(key)), field(2, value)]),
    );
  }

  /** A linearizable read. */
  get(connection: Connection, key: string): Promise<void> {
    return unary(connection, '/etcdserverpb.KV/Range', field(1, Buffer.from(key)));
  }

  async stop(): Promise<void> {
    this.#child.kill();
    await once(this.#child, 'exit');
    await rm(this.#dir, { recursive: true, force: true });
  }
}

function unary(connection: Connection, path: string, message: Buffer): Promise<void> {
  const framed = Buffer.alloc(5 + message.length);
  framed.writeUInt32BE(message.length, 1);
  message.copy(framed, 5);
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/grpc', te: 'trailers' };
    const stream = connection.open('POST', path, framed, headers);
    stream.on('trailers', (trailers) => {
      const status = trailers['grpc-status'];
      if (String(status) === '0') resolve();
      else reject(new Error(`${path}: ${String(status)} ${String(trailers['grpc-message'])}`));
    });
    stream.on('error', reject);
    stream.on('close', () => reject(new Error(`${path}: no answer`)));
    stream.resume();
  });
}

/** A length-delimited protobuf field. */
function field(number: number, bytes: Buffer): Buffer {
  const head = [(number << 3) | 2];
  let length = bytes.length;
  for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
  return Buffer.concat([Buffer.from([...head, length]), bytes]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
