import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../e2e/harness/ports.ts';
import { Connection } from './connection.ts';
import { cpuMsOf, residentOf, untilReady } from './processes.ts';

/** etcd alone, as Debian's `etcd-server` brings it; what kube-apiserver would put in front costs more time. */
export class Etcd {
  readonly #child: ChildProcess;
  readonly #dir: string;
  readonly url: string;

  private constructor(child: ChildProcess, dir: string, url: string) {
    this.#child = child;
    this.#dir = dir;
    this.url = url;
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
      { stdio: 'ignore' },
    );
    const etcd = new Etcd(child, dir, client ?? '');
    await untilReady(child, async () => {
      const probe = etcd.connect();
      await etcd.put(probe, 'probe', Buffer.from('x')).finally(() => probe.close());
    });
    return etcd;
  }

  /** Processor time since its start, in milliseconds. */
  cpuMs(): number {
    return cpuMsOf(this.#child.pid);
  }

  /** Resident memory in bytes. */
  memory(): number {
    return residentOf(this.#child.pid);
  }

  connect(): Connection {
    return new Connection(this.url);
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
