import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { ImagePullError, type Launch, SandboxError } from '../runtime.ts';
import type { EngineClient } from './engine.ts';
import { labelsOf, sandboxKey, sandboxLabels } from './labels.ts';
import { networkSpec } from './spec.ts';

export interface SandboxesOptions {
  engine: EngineClient;
  podsFolder: string;
  sandboxImage: string;
  /** Fetches an image that is not there. @throws ImagePullError */
  pull(image: string): Promise<void>;
}

/** Whether a pod has several containers at a time, which then reach each other by localhost. */
export function isShared({ spec }: Pod): boolean {
  const sidecars = spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always') ?? [];
  return (spec?.containers.length ?? 0) + sidecars.length > 1;
}

/** Containers that do nothing but hold the network of a pod, so that it outlives each of the others. */
export class Sandboxes {
  readonly #options: SandboxesOptions;
  readonly #starting = new Map<string, Promise<string>>();

  constructor(options: SandboxesOptions) {
    this.#options = options;
  }

  /** The engine's id of the pod's sandbox, which is made, or started again, when there is none that runs. @throws SandboxError */
  of(launch: Launch, pod: Pod): Promise<string> {
    const { podUid } = launch.key;
    const starting = this.#starting.get(podUid) ?? this.#findOrStart(launch, pod);
    this.#starting.set(podUid, starting);
    return starting.finally(() => this.#starting.delete(podUid));
  }

  async stop(podUid: string): Promise<void> {
    const { engine } = this.#options;
    for (const { Id, State } of await this.#find(podUid)) {
      if (State === 'running')
        await engine.send('POST', `/containers/${Id}/kill`, { query: { signal: 'SIGKILL' } });
    }
  }

  async remove(podUid: string): Promise<void> {
    const { engine } = this.#options;
    for (const { Id } of await this.#find(podUid)) await engine.remove(Id);
  }

  async #findOrStart(launch: Launch, pod: Pod): Promise<string> {
    const { engine, podsFolder: state, sandboxImage, pull } = this.#options;
    try {
      const [found] = await this.#find(launch.key.podUid);
      // One that was stopped is started again: ended containers whose logs are kept refer to it.
      if (found && found.State !== 'running') await engine.send('POST', `/containers/${found.Id}/start`);
      if (found) return found.Id;
      await pull(sandboxImage);
      const key = sandboxKey(launch.key);
      const body = {
        Image: sandboxImage,
        Labels: labelsOf({ key, image: sandboxImage, state, tty: false }),
        ...networkSpec(launch, pod),
      };
      const name = `kanari-${key.podUid.slice(0, 8)}-${key.container}`;
      const { Id } = await engine.send<{ Id: string }>('POST', '/containers/create', {
        query: { name },
        body,
      });
      await engine.send('POST', `/containers/${Id}/start`);
      return Id;
    } catch (error) {
      const what = error instanceof ImagePullError ? 'get sandbox image' : 'create pod sandbox';
      throw new SandboxError(
        `failed to ${what} ${JSON.stringify(sandboxImage)}: ${(error as Error).message}`,
      );
    }
  }

  #find(podUid: string) {
    const { engine, podsFolder } = this.#options;
    return engine.list(sandboxLabels(podsFolder, podUid));
  }
}
