import {
  AnalysisRuns,
  type Experiment,
  Experiments,
  formatSelector,
  type KubeObject,
  type ObjectRef,
  Pods,
  ReplicaSets,
  type ResourceType,
  type Rollout,
  Rollouts,
} from '../../api/index.ts';
import { ApiError, type KubeClient, type ListFilter } from '../../kube/index.ts';
import { CliError, messageOf } from '../errors.ts';
import type { ExperimentObjects, RolloutObjects } from '../info/index.ts';
import { workloadOf } from './workload.ts';

/**
 * Reads a Rollout or Experiment and what belongs to it, selecting on the server where labels allow it. What may not be
 * read is left out and told of (CLI-080).
 */

/** How long the main object may take to come. */
const FIRST_READ_TIMEOUT_MS = 10_000;

/** Told once for each type that cannot be listed. */
export type OnUnreadable = (type: ResourceType, why: string) => void;

/** The one object of the name. @throws CliError in the words of a local cache when there is none (CLI-008) */
export async function readOne<T extends KubeObject>(
  client: KubeClient,
  type: ResourceType<T>,
  namespace: string,
  name: string,
): Promise<T> {
  const found = await withTimeout(
    client.list(type, oneFilter(namespace, name)),
    `${type.plural} could not be read within ${FIRST_READ_TIMEOUT_MS / 1000} s`,
  );
  const object = found.items.find(({ metadata }) => metadata?.name === name);
  if (!object) throw notFound(type, name);
  return object;
}

export function notFound(type: ResourceType, name: string): CliError {
  return new CliError(`${type.kind.toLowerCase()}.${type.group} ${JSON.stringify(name)} not found`);
}

export const oneFilter = (namespace: string, name: string): ListFilter => ({
  namespace,
  fieldSelector: `metadata.name=${name}`,
});

export async function readRolloutObjects(
  client: KubeClient,
  namespace: string,
  name: string,
  onUnreadable: OnUnreadable,
): Promise<RolloutObjects> {
  const rollout = await readOne(client, Rollouts, namespace, name);
  const list = lister(client, onUnreadable);
  const experiments = await list(Experiments, { namespace });
  const [children, workload] = await Promise.all([
    readChildren(list, namespace, selectorsOf(rollout, ownedExperiments(rollout, experiments))),
    readWorkload(client, rollout),
  ]);
  return { rollout, experiments, workload, ...children };
}

export async function readExperimentObjects(
  client: KubeClient,
  namespace: string,
  name: string,
  onUnreadable: OnUnreadable,
): Promise<{ experiment: Experiment } & ExperimentObjects> {
  const experiment = await readOne(client, Experiments, namespace, name);
  const children = await readChildren(lister(client, onUnreadable), namespace, templateSelectors(experiment));
  return { experiment, ...children };
}

/** The referenced workload; undefined when there is none or it cannot be read, which is no failure. */
export async function readWorkload(client: KubeClient, rollout: Rollout): Promise<KubeObject | undefined> {
  const ref = workloadRef(rollout);
  return ref && (await client.get(ref).catch(() => undefined));
}

/** Where the workload is; undefined when there is none of a supported kind. */
export function workloadRef(rollout: Rollout): ObjectRef | undefined {
  try {
    return workloadOf(rollout);
  } catch {
    return undefined;
  }
}

/** Label selectors that together find all ReplicaSets and pods; `undefined` stands for all of the namespace. */
export type Selectors = readonly (string | undefined)[];

export function selectorsOf(rollout: Rollout, experiments: readonly Experiment[]): Selectors {
  const own = formatSelector(rollout.spec.selector) || rollout.status?.selector || undefined;
  return own === undefined ? [undefined] : distinct([own, ...experiments.flatMap(templateSelectors)]);
}

export function templateSelectors(experiment: Experiment): Selectors {
  return distinct(experiment.spec.templates.map(({ selector }) => formatSelector(selector) || undefined));
}

export function ownedExperiments(rollout: Rollout, experiments: readonly Experiment[]): Experiment[] {
  return experiments.filter(({ metadata }) =>
    metadata.ownerReferences?.some((owner) => owner.uid === rollout.metadata.uid),
  );
}

/** With `undefined` among them the others find nothing more. */
function distinct(selectors: Selectors): Selectors {
  return selectors.includes(undefined) ? [undefined] : [...new Set(selectors)];
}

type Lister = <T extends KubeObject>(type: ResourceType<T>, filter: ListFilter) => Promise<readonly T[]>;

async function readChildren(
  list: Lister,
  namespace: string,
  selectors: Selectors,
): Promise<ExperimentObjects> {
  const bySelector = async <T extends KubeObject>(type: ResourceType<T>) =>
    uniqueByUid(
      await Promise.all(
        selectors.map((labelSelector) => list(type, { namespace, ...(labelSelector && { labelSelector }) })),
      ),
    );
  const [replicaSets, pods, analysisRuns] = await Promise.all([
    bySelector(ReplicaSets),
    bySelector(Pods),
    list(AnalysisRuns, { namespace }),
  ]);
  return { replicaSets, pods, analysisRuns };
}

export function uniqueByUid<T extends KubeObject>(lists: readonly (readonly T[])[]): T[] {
  return [...new Map(lists.flat().map((object) => [object.metadata?.uid, object])).values()];
}

function lister(client: KubeClient, onUnreadable: OnUnreadable): Lister {
  const told = new Set<ResourceType>();
  return async (type, filter) => {
    try {
      return (await client.list(type, filter)).items;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!told.has(type)) onUnreadable(type, messageOf(error));
      told.add(type);
      return [];
    }
  };
}

async function withTimeout<T>(promise: Promise<T>, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CliError(message)), FIRST_READ_TIMEOUT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
