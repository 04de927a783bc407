import { mkdir } from 'node:fs/promises';
import type { Pod, Volume } from 'kubernetes-types/core/v1.d.ts';
import { equal, type Instant } from '../../../api/index.ts';
import type { NodeContext } from './context.ts';
import type { PodFacts } from './fields.ts';
import { PodTokens } from './tokens.ts';
import { setUpVolumes, VolumeError } from './volumes.ts';

/** The volumes of one pod, and when they have to be brought up to date. */
export class PodVolumes {
  readonly #context: NodeContext;
  readonly #folder: string;
  readonly #tokens: PodTokens;
  #stale = true;
  #refreshAt: Instant | undefined;
  #error: string | undefined;

  /** @param folder where the pod's files are */
  constructor(folder: string, context: NodeContext) {
    this.#folder = folder;
    this.#context = context;
    this.#tokens = new PodTokens(context);
  }

  /** They could not be set up the last time. */
  get failed(): boolean {
    return this.#error !== undefined;
  }

  /** When a token is to be replaced, if ever. */
  get refreshAt(): Instant | undefined {
    return this.#refreshAt;
  }

  /** Whether there is something to bring up to date. */
  isDue(now: Instant): boolean {
    return this.#stale || (this.#refreshAt !== undefined && this.#refreshAt <= now);
  }

  /** The pod has become another one: its volumes may tell of it. */
  podChanged(old: Pod, next: Pod): void {
    if (tellsOfItself(next) && !equal(described(old), described(next))) this.#stale = true;
  }

  /** Something in the pod's namespace has changed that volumes may be made of. True: some of these are. */
  sourcesChanged({ spec }: Pod): boolean {
    const fromSources = spec?.volumes?.some(
      ({ configMap, secret, projected, persistentVolumeClaim }) =>
        configMap ?? secret ?? projected ?? persistentVolumeClaim,
    );
    if (fromSources) this.#stale = true;
    return fromSources ?? false;
  }

  /** Sets up what is due. False: it failed, which an event tells; it is due again. */
  async setUp(facts: PodFacts): Promise<boolean> {
    const { clock, sources, log, record } = this.#context;
    if (!this.isDue(clock())) return true;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    try {
      this.#stale = false;
      this.#refreshAt = await setUpVolumes(this.#folder, { facts, sources, tokens: this.#tokens });
      this.#error = undefined;
      return true;
    } catch (error) {
      const { message } = error as Error;
      if (!(error instanceof VolumeError)) log.warn({ err: error }, 'cannot set up volumes');
      this.#stale = true;
      if (message !== this.#error) record(facts.pod, { type: 'Warning', reason: 'FailedMount', message });
      this.#error = message;
      return false;
    }
  }
}

/** Whether the pod has volumes with files that tell of it. */
function tellsOfItself({ spec }: Pod): boolean {
  const own = ({ downwardAPI, projected }: Volume) =>
    downwardAPI ?? projected?.sources?.some((source) => source.downwardAPI);
  return (spec?.volumes ?? []).some(own);
}

/** What of a pod may change and its volumes tell. */
const described = ({ metadata }: Pod) => ({
  labels: metadata?.labels ?? {},
  annotations: metadata?.annotations ?? {},
});
