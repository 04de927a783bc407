import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kanari, type Ran, REPOSITORY, run } from './kanari.ts';

const FIXTURES = join(REPOSITORY, 'test/e2e/fixtures');

/** A terminal in a namespace of its own: what is typed there is run by a shell with KUBECONFIG set. */
export class Terminal {
  readonly namespace: string;
  readonly #env: Record<string, string>;

  private constructor(namespace: string, env: Record<string, string>) {
    this.namespace = namespace;
    this.#env = env;
  }

  /** Makes the namespace, and a kubeconfig whose context is in it. */
  static async open(kanari: Kanari, namespace: string): Promise<Terminal> {
    const kubeconfig = join(kanari.stateDir, `kubeconfig-${namespace}`);
    await copyFile(kanari.kubeconfig, kubeconfig);
    const terminal = new Terminal(namespace, { KUBECONFIG: kubeconfig });
    await terminal.type(`kubectl create namespace ${namespace}`);
    await terminal.type(`kubectl config set-context --current --namespace=${namespace}`);
    return terminal;
  }

  /** Runs a line whatever its outcome, in `test/e2e/fixtures`; `env` is added to the environment. */
  run(line: string, { input, env }: { input?: string; env?: Record<string, string> } = {}): Promise<Ran> {
    return run('/bin/sh', ['-c', `cd ${FIXTURES} && ${line}`], { ...this.#env, ...env }, input);
  }

  /**
   * What a line prints.
   * @throws Error with what it printed when its exit code is not 0
   */
  async type(line: string, input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(line, { ...(input !== undefined && { input }) });
    if (code !== 0) throw new Error(`$ ${line}\n${stdout}${stderr}(exit code ${code})`);
    return stdout;
  }

  /** Runs a line that does not end by itself, such as a watch. */
  follow(line: string): Following {
    const env = { ...process.env, ...this.#env };
    return new Following(spawn('/bin/sh', ['-c', `exec ${line}`], { cwd: FIXTURES, env }));
  }

  /** The cells of a table that a line prints, its head first. */
  async table(line: string): Promise<string[][]> {
    const lines = (await this.type(line)).trimEnd().split('\n');
    return lines.map((text) => text.trimEnd().split(/\s{2,}/));
  }
}

/** A program that runs until it is stopped, and what it has printed so far. */
export class Following {
  output = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('exit', resolve));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }

  async stop(): Promise<void> {
    this.#child.kill();
    await this.#ended;
  }
}
