import {
  type AnalysisRun,
  AnalysisRuns,
  type AnalysisTemplate,
  AnalysisTemplates,
  ClusterAnalysisTemplates,
  controllerOf,
  type Experiment,
  Experiments,
  equal,
  GROUP,
  Ingresses,
  type KubeObject,
  MANAGED_BY_ANNOTATION,
  matchesSelector,
  Pods,
  ReplicaSets,
  type Rollout,
  Rollouts,
  Services,
} from '../../api/index.ts';
import { keyOf, objectKey, type Reader } from '../../kube/index.ts';
import { find, type IndexedReader } from '../indexes.ts';
import { type Watch, watch } from '../reconciler.ts';
import { rolloutsByIngress, rolloutsByService, rolloutsByTemplate } from './indexes.ts';

/**
 * Which Rollouts a change of another object concerns (OPS 6.2). `awaits` says whether a Rollout's next pass waits until
 * the cache shows what was written last; then every change of a child counts.
 */
export function rolloutWatches(
  reader: Reader & Partial<IndexedReader>,
  awaits: (key: string) => boolean,
): Watch[] {
  return [
    watch(ReplicaSets, (before, after) =>
      present(before, after).flatMap((replicaSet) => {
        const owner = controllingRollout(replicaSet);
        if (owner) return [owner];
        return controllerOf(replicaSet) ? [] : adopters(reader, replicaSet);
      }),
    ),
    watch(Pods, (before, after) => {
      if (before && after && !concernsRollout(before, after)) return [];
      return present(after ?? before).flatMap((pod) => {
        const owner = controllerOf(pod);
        if (owner?.kind !== ReplicaSets.kind) return [];
        const replicaSet = reader.get(ReplicaSets, pod.metadata?.namespace, owner.name);
        return present(replicaSet && controllingRollout(replicaSet));
      });
    }),
    watch(AnalysisRuns, (before, after) => childKeys(before, after, awaits)),
    watch(Experiments, (before, after) => childKeys(before, after, awaits)),
    watch(Services, (before, after) =>
      present(before, after).flatMap((service) => {
        const manager = service.metadata?.annotations?.[MANAGED_BY_ANNOTATION];
        return [
          ...keysOf(find(reader, rolloutsByService, keyOf(service))),
          ...(manager ? [objectKey(service.metadata?.namespace, manager)] : []),
        ];
      }),
    ),
    watch(Ingresses, (before, after) =>
      present(before, after).flatMap((ingress) => [
        ...present(controllingRollout(ingress)),
        ...keysOf(find(reader, rolloutsByIngress, keyOf(ingress))),
      ]),
    ),
    watch(AnalysisTemplates, (before, after) => templateKeys(reader, after ?? before)),
    watch(ClusterAnalysisTemplates, (before, after) => templateKeys(reader, after ?? before)),
  ];
}

/** The key of the Rollout that controls an object. */
function controllingRollout(object: KubeObject): string | undefined {
  const owner = controllerOf(object);
  if (owner?.kind !== Rollouts.kind || !owner.apiVersion.startsWith(`${GROUP}/`)) return undefined;
  return objectKey(object.metadata?.namespace, owner.name);
}

/** Rollouts that may adopt an object that nothing controls. */
function adopters(reader: Reader, { metadata }: KubeObject): string[] {
  return keysOf(
    reader
      .list(Rollouts, metadata?.namespace)
      .filter((rollout) => matchesSelector(rollout.spec.selector, metadata?.labels)),
  );
}

/** What a pod's Rollout looks at itself: metadata and whether it is going. All else shows in the ReplicaSet's status. */
function concernsRollout(before: KubeObject, after: KubeObject): boolean {
  const of = ({ metadata }: KubeObject) => [
    metadata?.labels,
    metadata?.annotations,
    metadata?.deletionTimestamp,
    metadata?.ownerReferences,
  ];
  return !equal(of(before), of(after));
}

/** OPS-038: a child's progress within a phase is none of its Rollout's business. */
function childKeys<T extends AnalysisRun | Experiment>(
  before: T | undefined,
  after: T | undefined,
  awaits: (key: string) => boolean,
): string[] {
  const phaseChanged = !before || !after || before.status?.phase !== after.status?.phase;
  return present(before, after)
    .flatMap((child) => present(controllingRollout(child)))
    .filter((key) => phaseChanged || awaits(key));
}

/** Rollouts that name a template, or one that includes it. */
function templateKeys(
  reader: Reader & Partial<IndexedReader>,
  changed: AnalysisTemplate | undefined,
): string[] {
  const seen = new Map<string, AnalysisTemplate>();
  for (const pending = present(changed); pending.length > 0; ) {
    const template = pending.pop() as AnalysisTemplate;
    const id = keyOf(template);
    if (seen.has(id)) continue;
    seen.set(id, template);
    pending.push(...including(reader, template));
  }
  return [...seen.keys()].flatMap((template) => keysOf(find(reader, rolloutsByTemplate, template)));
}

/** The templates whose `spec.templates` name one. */
function including(reader: Reader, template: AnalysisTemplate): AnalysisTemplate[] {
  const { namespace, name } = template.metadata;
  const clusterScope = isClusterScoped(template);
  const candidates = [
    ...reader.list(AnalysisTemplates, clusterScope ? undefined : namespace),
    ...reader.list(ClusterAnalysisTemplates),
  ];
  return candidates.filter((candidate) =>
    candidate.spec.templates?.some(
      (reference) => reference.templateName === name && Boolean(reference.clusterScope) === clusterScope,
    ),
  );
}

const isClusterScoped = ({ metadata }: AnalysisTemplate) => metadata.namespace === undefined;

const keysOf = (rollouts: readonly Rollout[]) => rollouts.map(keyOf);

const present = <T>(...items: (T | undefined)[]): T[] =>
  items.filter((item): item is T => item !== undefined);
