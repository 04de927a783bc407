import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ran, run } from './kanari.ts';

/** What Debian's packages `podman` and `busybox-static` install. */
const BUSYBOX = '/bin/busybox';

/** An image with busybox and nothing else; its tag is no `latest`, so that nobody tries to pull it. */
export const BUSYBOX_IMAGE = 'localhost/busybox:test';
/** Does nothing, as a pod's sandbox. */
export const SANDBOX_IMAGE = 'localhost/pause:test';

/** A container engine of the test's own: Podman with its store and its socket in a temporary folder. */
export class Podman {
  readonly #folder: string;
  readonly #env: Record<string, string>;
  #service: ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#env = {
      CONTAINERS_CONF: join(folder, 'containers.conf'),
      CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
    };
  }

  /** Undefined, with the reason in a warning, where the machine cannot run containers. */
  static async start(): Promise<Podman | undefined> {
    const podman = new Podman(await mkdtemp(join(tmpdir(), 'kp-')));
    const problem = await podman.#prepare().catch((error: Error) => error.message);
    if (problem === undefined) return podman;
    console.warn(`skipped: no containers on this machine: ${problem}`);
    await podman.stop();
    return undefined;
  }

  get socket(): string {
    return join(this.#folder, 'podman.sock');
  }

  command(...args: string[]): Promise<Ran> {
    return run('podman', args, this.#env);
  }

  /** Ends the engine and all that it runs. */
  async stop(): Promise<void> {
    if (this.#service) {
      await this.command('rm', '--force', '--all', '--time', '0');
      this.#service.kill();
      if (this.#service.exitCode === null) await once(this.#service, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #prepare(): Promise<string | undefined> {
    if (process.getuid?.() !== 0) return 'its own store needs root';
    if (spawnSync('podman', ['--version']).status !== 0) return 'podman is not there';
    if (!existsSync(BUSYBOX)) return `${BUSYBOX} is not there`;
    await this.#configure();
    await this.#importImages();
    const tried = await this.command(
      'run',
      '--rm',
      '--publish',
      '127.0.0.1::8080',
      BUSYBOX_IMAGE,
      '/bin/true',
    );
    if (tried.code !== 0) return tried.stderr.trim();
    this.#service = spawn('podman', ['system', 'service', '--time', '0', `unix://${this.socket}`], {
      cwd: this.#folder,
      env: { ...process.env, ...this.#env },
      stdio: 'ignore',
    });
    for (let tries = 0; !existsSync(this.socket); tries++) {
      if (tries === 200) return `nothing listens at ${this.socket}`;
      await sleep(50);
    }
    return undefined;
  }

  async #configure(): Promise<void> {
    const runtime = spawnSync('runc', ['--version']).status === 0 ? 'runtime = "runc"\n' : '';
    // Limits that every machine grants, also one that is a container itself.
    const limits = 'default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\n';
    await writeFile(this.#env.CONTAINERS_CONF!, `[engine]\n${runtime}[containers]\n${limits}`);
    const store = `runroot = "${join(this.#folder, 'run')}"\ngraphroot = "${join(this.#folder, 'graph')}"\n`;
    await writeFile(this.#env.CONTAINERS_STORAGE_CONF!, `[storage]\ndriver = "vfs"\n${store}`);
  }

  async #importImages(): Promise<void> {
    const root = join(this.#folder, 'root');
    for (const folder of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp']) {
      await mkdir(join(root, folder), { recursive: true });
    }
    await chmod(join(root, 'tmp'), 0o1777);
    await copyFile(BUSYBOX, join(root, 'bin/busybox'));
    const archive = join(this.#folder, 'root.tar');
    const sleep = 'ENTRYPOINT ["/bin/sleep", "1000000"]';
    const steps: [string, ...string[]][] = [
      ['chroot', root, '/bin/busybox', '--install', '-s', '/bin'],
      ['tar', '-C', root, '-cf', archive, '.'],
      ['podman', 'import', archive, BUSYBOX_IMAGE],
      ['podman', 'import', '--change', sleep, archive, SANDBOX_IMAGE],
    ];
    for (const [file, ...args] of steps) {
      const { code, stderr } = await run(file, args, this.#env);
      if (code !== 0) throw new Error(`${file} ${args[0]}: ${stderr.trim()}`);
    }
  }
}
