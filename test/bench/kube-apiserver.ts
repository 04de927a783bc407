import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../e2e/harness/ports.ts';
import { Connection } from './connection.ts';
import { Etcd } from './etcd.ts';
import { cpuMsOf, residentOf, untilReady } from './processes.ts';

const TOKEN = 'bench';

/** kube-apiserver with an etcd of its own, where both are on PATH; durable as it comes. */
export class KubeApiserver {
  /** From the command to readiness, its etcd running already; in milliseconds. */
  readonly readyMs: number;
  readonly #child: ChildProcess;
  readonly #etcd: Etcd;
  readonly #dir: string;
  readonly #url: string;

  private constructor(child: ChildProcess, etcd: Etcd, dir: string, url: string, readyMs = 0) {
    this.#child = child;
    this.#etcd = etcd;
    this.#dir = dir;
    this.#url = url;
    this.readyMs = readyMs;
  }

  static isInstalled(): boolean {
    return Etcd.isInstalled() && spawnSync('kube-apiserver', ['--version']).status === 0;
  }

  static async start(): Promise<KubeApiserver> {
    const etcd = await Etcd.start();
    const dir = await mkdtemp(join(tmpdir(), 'kanari-bench-kube-'));
    const key = join(dir, 'service-account.key');
    const tokens = join(dir, 'tokens.csv');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(tokens, `${TOKEN},bench,bench,system:masters\n`);
    const port = await freePort();
    const flags = {
      'etcd-servers': etcd.url,
      'bind-address': '127.0.0.1',
      'secure-port': String(port),
      'cert-dir': dir,
      'token-auth-file': tokens,
      'authorization-mode': 'RBAC',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': key,
      'service-account-signing-key-file': key,
      'service-cluster-ip-range': '10.96.0.0/16',
      // Nobody makes service accounts here, and pods shall be taken without.
      'disable-admission-plugins': 'ServiceAccount',
    };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const begun = performance.now();
    const child = spawn('kube-apiserver', [...args, '--v=0'], { stdio: 'ignore' });
    const url = `https://127.0.0.1:${port}`;
    const starting = new KubeApiserver(child, etcd, dir, url);
    await untilReady(child, async () => {
      const connection = starting.connect();
      await connection.send('GET', '/readyz').finally(() => connection.close());
    });
    return new KubeApiserver(child, etcd, dir, url, performance.now() - begun);
  }

  connect(): Connection {
    const ca = readFileSync(join(this.#dir, 'apiserver.crt'), 'utf8');
    return new Connection(this.#url, { ca, headers: { authorization: `Bearer ${TOKEN}` } });
  }

  /** Processor time of both since their start, in milliseconds. */
  async cpuMs(): Promise<number> {
    return cpuMsOf(this.#child.pid) + this.#etcd.cpuMs();
  }

  /** Resident memory in bytes. */
  memory(): { own: number; etcd: number } {
    return { own: residentOf(this.#child.pid), etcd: this.#etcd.memory() };
  }

  async cleanUp(): Promise<void> {
    this.#child.kill();
    await once(this.#child, 'exit');
    await this.#etcd.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
