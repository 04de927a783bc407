import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Logger } from 'pino';
import { type Clock, parseTime } from '../../../../api/index.ts';
import {
  type Image,
  ImagePullError,
  type Launch,
  type ResourceUsage,
  type Runtime,
  type RuntimeContainer,
  StartError,
} from '../runtime.ts';
import { EngineContainer, type Inspected } from './container.ts';
import { type EngineClient, EngineError } from './engine.ts';
import { identityOf, isSandbox, labelsOf, stateLabel } from './labels.ts';
import { isShared, Sandboxes } from './sandboxes.ts';
import { containerOf, containerSpec } from './spec.ts';

const NOT_FOUND = 404;

export interface ContainerRuntimeOptions {
  engine: EngineClient;
  /** `pods/` in the agent's state: which containers are this agent's, and where marks are kept. */
  podsFolder: string;
  /** Image of the containers that hold the network which those of a pod share. */
  sandboxImage: string;
  clock: Clock;
  log: Logger;
}

interface ImageConfig {
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  Env?: string[] | null;
  WorkingDir?: string;
  ExposedPorts?: Record<string, unknown> | null;
  User?: string;
}

/**
 * Runs containers by an engine that speaks the Docker API. The network of a pod is its only container's own, or that of
 * a sandbox which its containers share; its ports are published on the pod's address.
 */
export class ContainerRuntime implements Runtime {
  readonly name = 'container';
  readonly #options: ContainerRuntimeOptions;
  readonly #running = new Set<EngineContainer>();
  readonly #sandboxes: Sandboxes;

  constructor(options: ContainerRuntimeOptions) {
    this.#options = options;
    this.#sandboxes = new Sandboxes({ ...options, pull: (image) => this.#pullMissing(image) });
  }

  async pull(image: string, pod: Pod, container: string, pulling?: () => Promise<void>): Promise<Image> {
    const policy = pullPolicy(image, pod, container);
    let config = policy === 'Always' ? undefined : await this.#inspectImage(image);
    if (!config && policy === 'Never') {
      throw new ImagePullError('the container engine does not have it');
    }
    if (!config) {
      await pulling?.();
      await this.#pull(image);
      config = await this.#inspectImage(image);
    }
    if (!config) throw new ImagePullError(`the engine pulled ${JSON.stringify(image)}, but does not have it`);
    return imageOf(config);
  }

  /** @throws ImagePullError */
  async #pullMissing(image: string): Promise<void> {
    if (!(await this.#inspectImage(image))) await this.#pull(image);
  }

  async start(launch: Launch, pod: Pod): Promise<RuntimeContainer> {
    const { engine, podsFolder, clock } = this.#options;
    const { key, image, tty = false } = launch;
    const labels = labelsOf({ key, image, state: podsFolder, tty });
    const networkOf = isShared(pod) ? await this.#sandboxes.of(launch, pod) : this.#debugged(launch, pod);
    let id: string | undefined;
    try {
      // A name is taken until its container is removed; what is left of an earlier try must not be in the way.
      const name = `kanari-${key.podUid.slice(0, 8)}-${key.container}-${key.attempt}-${clock().toString(36)}`;
      const body = await containerSpec(launch, pod, labels, networkOf);
      id = (await engine.send<{ Id: string }>('POST', '/containers/create', { query: { name }, body })).Id;
      await engine.send('POST', `/containers/${id}/start`);
      const container = this.#container(id, labels, await this.#inspect(id));
      this.#follow(container);
      return container;
    } catch (error) {
      if (id) await engine.remove(id).catch(() => undefined);
      throw new StartError((error as Error).message);
    }
  }

  /** The engine's id of the container that an ephemeral one is put beside; undefined for others. */
  #debugged({ key }: Launch, { spec }: Pod): string | undefined {
    if (!spec?.ephemeralContainers?.some(({ name }) => name === key.container)) return undefined;
    const [only] = spec.containers;
    const beside = [...this.#running].find(
      (run) => run.key.podUid === key.podUid && run.key.container === only?.name,
    );
    return beside?.engineId;
  }

  stopPod(podUid: string): Promise<void> {
    return this.#sandboxes.stop(podUid);
  }

  removePod(podUid: string): Promise<void> {
    return this.#sandboxes.remove(podUid);
  }

  async recover(): Promise<RuntimeContainer[]> {
    const { engine, podsFolder } = this.#options;
    const found = await engine.list([stateLabel(podsFolder)]);
    return Promise.all(
      found
        .filter(({ Labels }) => !isSandbox(Labels))
        .map(async ({ Id, Labels }) => {
          const inspected = await this.#inspect(Id);
          const container = this.#container(Id, Labels, inspected);
          if (inspected.State.Running) this.#follow(container);
          else await container.observeEnded();
          return container;
        }),
    );
  }

  async usage(): Promise<ReadonlyMap<string, ResourceUsage>> {
    const usages = await Promise.all(
      [...this.#running].map(async (container) => [container.id, await container.usage()] as const),
    );
    return new Map(usages.flatMap(([id, usage]) => (usage ? [[id, usage]] : [])));
  }

  #follow(container: EngineContainer): void {
    this.#running.add(container);
    void container.ended.then(() => this.#running.delete(container));
    container.observe();
  }

  #container(id: string, labels: Readonly<Record<string, string>>, { State }: Inspected): EngineContainer {
    const { engine, podsFolder, clock, log } = this.#options;
    const identity = identityOf(labels);
    const mark = join(podsFolder, identity.key.podUid, `interrupted-${id.slice(0, 12)}`);
    return new EngineContainer({
      engine,
      id,
      identity,
      mark,
      interrupted: existsSync(mark),
      startedAt: parseTime(State.StartedAt) ?? clock(),
      clock,
      log,
    });
  }

  #inspect(id: string): Promise<Inspected> {
    return this.#options.engine.send<Inspected>('GET', `/containers/${id}/json`);
  }

  async #inspectImage(image: string): Promise<ImageConfig | undefined> {
    try {
      const path = `/images/${encodeURI(image)}/json`;
      const { Config } = await this.#options.engine.send<{ Config?: ImageConfig }>('GET', path);
      return Config ?? {};
    } catch (error) {
      if (error instanceof EngineError && error.status === NOT_FOUND) return undefined;
      throw pullError(image, (error as Error).message);
    }
  }

  /** The engine answers 200 at once and tells of failures in the stream. @throws ImagePullError */
  async #pull(image: string): Promise<void> {
    const fromImage = /(?::[^/]+|@[^/]+)$/.test(image) ? image : `${image}:latest`;
    try {
      const response = await this.#options.engine.stream('POST', '/images/create', { query: { fromImage } });
      for await (const line of createInterface({ input: response })) {
        const { error } = line.trim() ? (JSON.parse(line) as { error?: string }) : {};
        if (error) throw new Error(error);
      }
    } catch (error) {
      throw pullError(image, (error as Error).message);
    }
  }
}

const pullError = (image: string, problem: string) =>
  new ImagePullError(`failed to pull and unpack image ${JSON.stringify(image)}: ${problem}`);

/** Kubernetes' default: `Always` for the tag `latest`, also when it is not written. */
function pullPolicy(image: string, pod: Pod, container: string): string {
  const given = containerOf(pod, container)?.imagePullPolicy;
  return given ?? (/:(?!latest$)[^/]+$|@/.test(image) ? 'IfNotPresent' : 'Always');
}

function imageOf({ Entrypoint, Cmd, Env, WorkingDir, ExposedPorts, User }: ImageConfig): Image {
  const exposed = Object.keys(ExposedPorts ?? {}).map((port) => /^(\d+)(?:\/tcp)?$/.exec(port)?.[1]);
  const port = exposed.find((number) => number !== undefined);
  return {
    command: Entrypoint ?? [],
    args: Cmd ?? [],
    env: Object.fromEntries(
      (Env ?? []).map((text) => [text.split('=', 1)[0]!, text.slice(text.indexOf('=') + 1)]),
    ),
    ...(WorkingDir && { workingDir: WorkingDir }),
    ...(User && { user: User }),
    ...(port !== undefined && { port: Number(port) }),
    listens: false,
    ownRoot: true,
  };
}
