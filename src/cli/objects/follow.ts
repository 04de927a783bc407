import {
  AnalysisRuns,
  type Experiment,
  Experiments,
  type KubeObject,
  Pods,
  ReplicaSets,
  type ResourceType,
  Rollouts,
} from '../../api/index.ts';
import { type Informer, Informers, type KubeClient, type ListFilter } from '../../kube/index.ts';
import type { ExperimentObjects, RolloutObjects } from '../info/index.ts';
import {
  oneFilter,
  ownedExperiments,
  type Selectors,
  selectorsOf,
  templateSelectors,
  uniqueByUid,
  workloadRef,
} from './read.ts';

/** How long a first list may hold up the first frame; a workload that may not be listed never comes. */
const SYNC_TIMEOUT_MS = 5000;

/** Live objects, kept up to date by watches. */
export interface Followed<T> {
  /** As they are now; undefined once the main object is gone. */
  current(): T | undefined;
  /** What keeps it from being up to date, in sentences. */
  problems(): string[];
  /** Calls back after every change of any of them; returns how to stop that. */
  subscribe(listener: () => void): () => void;
  stop(): Promise<void>;
}

/** Follows a Rollout and what belongs to it. Types that may not be read (`unreadable`) are left out. */
export async function followRollout(
  client: KubeClient,
  namespace: string,
  name: string,
  unreadable: ReadonlySet<ResourceType> = new Set(),
): Promise<Followed<RolloutObjects>> {
  const feed = new Feed(client, unreadable);
  const rollouts = feed.follow(Rollouts, oneFilter(namespace, name));
  const experiments = feed.follow(Experiments, { namespace });
  const children = new Children(feed, namespace);
  await feed.synced();

  const current = (): RolloutObjects | undefined => {
    const rollout = rollouts?.get(namespace, name);
    if (!rollout) return undefined;
    const all = experiments?.list(namespace) ?? [];
    const ref = workloadRef(rollout);
    const workload = ref && feed.follow(ref.type, oneFilter(namespace, ref.name))?.get(namespace, ref.name);
    return {
      rollout,
      experiments: all,
      workload,
      ...children.select(selectorsOf(rollout, ownedExperiments(rollout, all))),
    };
  };
  current();
  await feed.synced();
  return feed.following(current);
}

/** Follows an Experiment and what belongs to it. */
export async function followExperiment(
  client: KubeClient,
  namespace: string,
  name: string,
  unreadable: ReadonlySet<ResourceType> = new Set(),
): Promise<Followed<{ experiment: Experiment } & ExperimentObjects>> {
  const feed = new Feed(client, unreadable);
  const experiments = feed.follow(Experiments, oneFilter(namespace, name));
  const children = new Children(feed, namespace);
  await feed.synced();

  const current = () => {
    const experiment = experiments?.get(namespace, name);
    return experiment && { experiment, ...children.select(templateSelectors(experiment)) };
  };
  current();
  await feed.synced();
  return feed.following(current);
}

/** Follows a Rollout and its workload alone: enough for its phase. */
export async function followPhase(
  client: KubeClient,
  namespace: string,
  name: string,
): Promise<Followed<Pick<RolloutObjects, 'rollout' | 'workload'>>> {
  const feed = new Feed(client, new Set());
  const rollouts = feed.follow(Rollouts, oneFilter(namespace, name));
  await feed.synced();
  const current = () => {
    const rollout = rollouts?.get(namespace, name);
    const ref = rollout && workloadRef(rollout);
    const workload = ref && feed.follow(ref.type, oneFilter(namespace, ref.name))?.get(namespace, ref.name);
    return rollout && { rollout, workload };
  };
  return feed.following(current);
}

/** Informers whose changes are told to one set of listeners. */
class Feed {
  readonly #informers: Informers;
  readonly #unreadable: ReadonlySet<ResourceType>;
  readonly #followed = new Set<Informer>();
  readonly #listeners = new Set<() => void>();

  constructor(client: KubeClient, unreadable: ReadonlySet<ResourceType>) {
    this.#informers = new Informers(client);
    this.#unreadable = unreadable;
  }

  /** Undefined for a type that may not be read. */
  follow<T extends KubeObject>(type: ResourceType<T>, filter: ListFilter): Informer<T> | undefined {
    if (this.#unreadable.has(type)) return undefined;
    const informer = this.#informers.informer(type, filter);
    const known = informer as unknown as Informer;
    if (!this.#followed.has(known)) {
      this.#followed.add(known);
      const changed = () => this.#tell();
      informer.subscribe({ added: changed, updated: changed, deleted: changed });
    }
    return informer;
  }

  following<T>(current: () => T | undefined): Followed<T> {
    return {
      current,
      problems: () =>
        this.#informers.failures().map(({ type, error }) => `cannot read ${type.plural}: ${error.message}`),
      subscribe: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      stop: () => this.#informers.stop(),
    };
  }

  /** All that is followed has been read once, or has had the time to. */
  async synced(): Promise<void> {
    const timer = Promise.withResolvers<void>();
    const timeout = setTimeout(timer.resolve, SYNC_TIMEOUT_MS);
    await Promise.race([this.#informers.synced(), timer.promise]);
    clearTimeout(timeout);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** ReplicaSets, pods and AnalysisRuns; an Experiment that appears may bring selectors that were not followed yet. */
class Children {
  readonly #feed: Feed;
  readonly #namespace: string;

  constructor(feed: Feed, namespace: string) {
    this.#feed = feed;
    this.#namespace = namespace;
  }

  select(selectors: Selectors): ExperimentObjects {
    return {
      replicaSets: this.#bySelectors(ReplicaSets, selectors),
      pods: this.#bySelectors(Pods, selectors),
      analysisRuns: this.#feed.follow(AnalysisRuns, { namespace: this.#namespace })?.list() ?? [],
    };
  }

  #bySelectors<T extends KubeObject>(type: ResourceType<T>, selectors: Selectors): T[] {
    return uniqueByUid(
      selectors.map((labelSelector) => {
        const filter = { namespace: this.#namespace, ...(labelSelector && { labelSelector }) };
        return this.#feed.follow(type, filter)?.list() ?? [];
      }),
    );
  }
}
