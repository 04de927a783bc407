import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { EPHEMERAL_METADATA_ANNOTATION, equal, type PodMetadata, type RolloutSpec } from '../api/index.ts';
import { podsOwnedBy, type RolloutContext } from './context.ts';
import { changePodMetadata, changeReplicaSet } from './effects.ts';
import type { Outcome } from './outcome.ts';
import { nameOf, sizeOf } from './replicasets.ts';
import { injectedMetadata } from './template.ts';

/** Labels and annotations that pods carry while they play a role in an update (CAN §10). */

type Values = Record<string, string>;
type Changes = Record<string, string | null>;

const isEmpty = ({ labels, annotations }: PodMetadata): boolean =>
  Object.keys(labels ?? {}).length === 0 && Object.keys(annotations ?? {}).length === 0;

/** The metadata for the new ReplicaSet: that of the stable version once it is that. */
export function metadataOfNew(context: RolloutContext): PodMetadata {
  const { canary } = context.spec.strategy ?? {};
  const updating = Boolean(context.status.stableRS) && !isStable(context, context.newRS);
  return (updating ? canary?.canaryMetadata : canary?.stableMetadata) ?? {};
}

const isStable = (context: RolloutContext, rs: ReplicaSet | undefined): boolean =>
  rs !== undefined && rs === context.stableRS;

/** The annotation that records what was injected; undefined for nothing. */
export function recordOf(metadata: PodMetadata): string | undefined {
  if (isEmpty(metadata)) return undefined;
  return JSON.stringify({
    ...(Object.keys(metadata.labels ?? {}).length > 0 && { labels: metadata.labels }),
    ...(Object.keys(metadata.annotations ?? {}).length > 0 && { annotations: metadata.annotations }),
  });
}

/**
 * Puts each ReplicaSet's metadata on its template and its pods, and takes former ones off. Pods come first: what was
 * injected before is recorded on the ReplicaSet, and a crash in between must not lose it.
 * @returns whether a ReplicaSet is written; the pass then ends
 */
export function reconcileMetadata(context: RolloutContext, outcome: Outcome): boolean {
  let written = false;
  for (const rs of context.owned) {
    const desired =
      rs === context.newRS
        ? metadataOfNew(context)
        : isStable(context, rs)
          ? (context.spec.strategy?.canary?.stableMetadata ?? {})
          : {};
    written = reconcileOne(context, rs, desired, outcome) || written;
  }
  return written;
}

function reconcileOne(
  context: RolloutContext,
  rs: ReplicaSet,
  desired: PodMetadata,
  outcome: Outcome,
): boolean {
  const recorded = injectedMetadata(rs);
  const known = [recorded, ...rolesOf(context.spec)];
  const template = context.spec.template?.metadata;
  const difference = (object: { labels?: Values; annotations?: Values } | undefined) => ({
    labels: changes(
      object?.labels,
      desired.labels,
      known.map((m) => m.labels),
      template?.labels,
    ),
    annotations: changes(
      object?.annotations,
      desired.annotations,
      known.map((m) => m.annotations),
      template?.annotations,
    ),
  });

  if (sizeOf(rs) > 0) {
    for (const pod of podsOwnedBy(context, rs)) patchPod(pod, difference(pod.metadata), outcome);
  }
  if (equal(recorded, withoutEmpty(desired))) return false;
  const { labels, annotations } = difference(rs.spec?.template?.metadata);
  outcome.effect(
    changeReplicaSet(rs, `update pod metadata of ReplicaSet ${nameOf(rs)}`, {
      annotations: { [EPHEMERAL_METADATA_ANNOTATION]: recordOf(desired) ?? null },
      spec: { template: { metadata: { ...(labels && { labels }), ...(annotations && { annotations }) } } },
    }),
  );
  return true;
}

/** What the two roles inject; such keys on pods are ours even if the record of them is lost. */
function rolesOf({ strategy }: RolloutSpec): PodMetadata[] {
  return [strategy?.canary?.canaryMetadata ?? {}, strategy?.canary?.stableMetadata ?? {}];
}

const withoutEmpty = (metadata: PodMetadata): PodMetadata => ({
  ...(Object.keys(metadata.labels ?? {}).length > 0 && { labels: metadata.labels }),
  ...(Object.keys(metadata.annotations ?? {}).length > 0 && { annotations: metadata.annotations }),
});

/** Desired keys are set, our former ones go back to what the template says, all others are left alone. */
function changes(
  current: Values = {},
  desired: Values = {},
  injected: readonly (Values | undefined)[],
  template: Values = {},
): Changes | undefined {
  const result: Changes = {};
  for (const key of new Set(injected.flatMap((values) => Object.keys(values ?? {})))) {
    if (Object.hasOwn(desired, key) || !Object.hasOwn(current, key)) continue;
    const original = template[key] ?? null;
    if (current[key] !== original) result[key] = original;
  }
  for (const [key, value] of Object.entries(desired)) if (current[key] !== value) result[key] = value;
  return Object.keys(result).length > 0 ? result : undefined;
}

function patchPod(
  pod: Pod,
  { labels, annotations }: { labels?: Changes | undefined; annotations?: Changes | undefined },
  outcome: Outcome,
): void {
  if (pod.metadata?.deletionTimestamp || (!labels && !annotations)) return;
  outcome.effect(changePodMetadata(pod, { ...(labels && { labels }), ...(annotations && { annotations }) }));
}
