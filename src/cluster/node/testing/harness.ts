import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container, Pod, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { pino } from 'pino';
import { Events, Pods } from '../../../api/index.ts';
import { Informers } from '../../../kube/index.ts';
import { type NodeOptions, type RunningNode, startNode } from '../node.ts';
import { killPodProcesses } from '../runtime/process/leftovers.ts';
import { FakeApi } from './fakeapi.ts';

export const silent = pino({ level: 'silent' });
export const KUBELET_TOKEN = 'node-token';

/** A node agent with a fake API and a state folder of its own. */
export class NodeHarness {
  readonly api = new FakeApi();
  readonly stateDir: string;
  readonly #podCidr: string;
  #informers: Informers | undefined;
  node: RunningNode | undefined;

  static async create(podCidr: string): Promise<NodeHarness> {
    return new NodeHarness(await mkdtemp(join(tmpdir(), 'kanari-node-')), podCidr);
  }

  constructor(stateDir: string, podCidr: string) {
    this.stateDir = stateDir;
    this.#podCidr = podCidr;
  }

  async start(options: Partial<NodeOptions> = {}): Promise<RunningNode> {
    this.#informers = new Informers(this.api);
    this.node = await startNode({
      client: this.api,
      informers: this.#informers,
      clock: Date.now,
      log: silent,
      stateDir: this.stateDir,
      podCidr: this.#podCidr,
      kubeletToken: KUBELET_TOKEN,
      ...options,
    });
    return this.node;
  }

  async stop(options: { keepPods?: boolean } = {}): Promise<void> {
    await this.node?.stop(options);
    await this.#informers?.stop();
    this.node = undefined;
  }

  async dispose(): Promise<void> {
    await this.stop();
    await killPodProcesses(this.stateDir);
    await rm(this.stateDir, { recursive: true, force: true, maxRetries: 3 });
  }

  run(
    name: string,
    container: Partial<Container>,
    spec: Partial<PodSpec> = {},
    annotations = {},
  ): Promise<Pod> {
    return this.api.create(Pods, {
      metadata: { name, namespace: 'default', annotations },
      spec: {
        nodeName: 'kanari',
        terminationGracePeriodSeconds: 5,
        containers: [{ name: 'main', image: 'busybox', ...container }],
        ...spec,
      },
    });
  }

  pod(name: string): Pod {
    const pod = this.api.find(Pods, 'default', name);
    if (!pod) throw new Error(`no pod ${name}`);
    return pod;
  }

  events(name: string): string[] {
    return this.api
      .objects(Events)
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`);
  }

  async logs(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.node?.kubeletPort}/containerLogs/${path}`, {
      headers: { authorization: `Bearer ${KUBELET_TOKEN}` },
    });
    return response.text();
  }
}

/** Waits for a condition; what it last threw or said is in the error. */
export async function until<T>(
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 8000,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const condition = (pod: Pod, type: string) => pod.status?.conditions?.find((c) => c.type === type)?.status;
export const isReady = (pod: Pod) => condition(pod, 'Ready') === 'True';
export const mainStatus = (pod: Pod) => pod.status?.containerStatuses?.[0];
