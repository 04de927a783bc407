import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import { controllerReference, Deployments, equal, LAST_APPLIED_ANNOTATION } from '../../../api/index.ts';
import { templateHash } from '../common/hash.ts';
import { bounds, byAge, DESIRED_REPLICAS, desiredOf, MAX_REPLICAS } from './sizes.ts';

/** Label on a Deployment's ReplicaSets and their pods. */
export const HASH_LABEL = 'pod-template-hash';
/** Annotation on Deployments and ReplicaSets: decimal revision. */
export const REVISION = 'deployment.kubernetes.io/revision';
/** Annotation on a ReplicaSet: comma list of the revisions that it was before. */
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';

/** Annotations of a Deployment that its ReplicaSets do not get. */
const NOT_COPIED = new Set([
  LAST_APPLIED_ANNOTATION,
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
]);

export function revisionOf(object: ReplicaSet | Deployment): number {
  const revision = Number(object.metadata?.annotations?.[REVISION]);
  return Number.isSafeInteger(revision) ? revision : 0;
}

/** The ReplicaSet of the current template; the oldest, should there be two. */
export function findNewReplicaSet(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): ReplicaSet | undefined {
  const wanted = withoutHash(deployment.spec?.template);
  return [...sets].sort(byAge).find((rs) => equal(withoutHash(rs.spec?.template), wanted));
}

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec | undefined {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {};
  return template && { ...template, metadata: { ...template.metadata, labels } };
}

/** The ReplicaSet that a template gets; its name follows from the template and the collision count. */
export function buildReplicaSet(deployment: Deployment, replicas: number, revision: number): ReplicaSet {
  const { name = '', namespace } = deployment.metadata ?? {};
  const { template, selector, minReadySeconds } = deployment.spec ?? {};
  const hash = templateHash(template, deployment.status?.collisionCount);
  const labels = { ...template?.metadata?.labels, [HASH_LABEL]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace && { namespace }),
      labels,
      annotations: {
        ...copiedAnnotations(deployment),
        ...sizeAnnotations(deployment),
        [REVISION]: String(revision),
      },
      ownerReferences: [controllerReference(Deployments, deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds && { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  };
}

/** What the annotations of a ReplicaSet say about its Deployment's size. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const desired = desiredOf(deployment);
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(desired + bounds(deployment).surge) };
}

/** The merge patch that makes an existing ReplicaSet the newest revision; undefined when it is. */
export function renewal(
  deployment: Deployment,
  rs: ReplicaSet,
  revision: number,
): Record<string, unknown> | undefined {
  const annotations: Record<string, string> = {};
  const before = revisionOf(rs);
  if (before < revision) {
    annotations[REVISION] = String(revision);
    const history = rs.metadata?.annotations?.[REVISION_HISTORY];
    if (before > 0) annotations[REVISION_HISTORY] = history ? `${history},${before}` : String(before);
  }
  for (const [name, value] of Object.entries(copiedAnnotations(deployment))) {
    if (rs.metadata?.annotations?.[name] !== value) annotations[name] = value;
  }
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const spec = (rs.spec?.minReadySeconds ?? 0) === minReadySeconds ? undefined : { minReadySeconds };
  if (Object.keys(annotations).length === 0 && !spec) return undefined;
  return { metadata: { annotations }, ...(spec && { spec }) };
}

/** The revision that the current template gets: one more than all others have. */
export function nextRevision(others: readonly ReplicaSet[]): number {
  return Math.max(0, ...others.map(revisionOf)) + 1;
}

/** Old ReplicaSets beyond the history limit, oldest revision first; only those that have no pods and want none. */
export function expired(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const candidates = old.filter((rs) => !rs.metadata?.deletionTimestamp);
  const excess = candidates.length - (deployment.spec?.revisionHistoryLimit ?? 10);
  if (excess <= 0) return [];
  return candidates
    .sort((a, b) => revisionOf(a) - revisionOf(b) || byAge(a, b))
    .slice(0, excess)
    .filter(
      (rs) =>
        (rs.spec?.replicas ?? 1) === 0 &&
        (rs.status?.replicas ?? 0) === 0 &&
        (rs.metadata?.generation ?? 0) <= (rs.status?.observedGeneration ?? 0),
    );
}

function copiedAnnotations(deployment: Deployment): Record<string, string> {
  const all = Object.entries(deployment.metadata?.annotations ?? {});
  return Object.fromEntries(all.filter(([name]) => !NOT_COPIED.has(name)));
}
