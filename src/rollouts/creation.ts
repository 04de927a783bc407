import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import {
  controllerOf,
  controllerReference,
  DESIRED_REPLICAS_ANNOTATION,
  type Decision,
  EPHEMERAL_METADATA_ANNOTATION,
  INSTANCE_ID_LABEL,
  type Instant,
  POD_TEMPLATE_HASH_LABEL,
  REVISION_ANNOTATION,
  type Rollout,
  type RolloutStatus,
  Rollouts,
} from '../api/index.ts';
import { affinityFor } from './affinity.ts';
import { type NewCondition, progressing, setCondition } from './conditions.ts';
import type { RolloutContext } from './context.ts';
import { createReplicaSet } from './effects.ts';
import { podTemplateHash } from './hash.ts';
import { metadataOfNew, recordOf } from './metadata.ts';
import type { Outcome } from './outcome.ts';
import { phaseOf } from './phase.ts';
import { nameOf } from './replicasets.ts';
import { copiedAnnotations, nextRevision, syncRolloutRevision } from './revision.ts';

/**
 * Makes the ReplicaSet of a new template, without pods (CAN §3.3): first the revision on the Rollout, in the next pass
 * the ReplicaSet.
 */
export function decideCreation(context: RolloutContext, outcome: Outcome): Decision<RolloutStatus> {
  const { rollout, status, now } = context;
  const revision = nextRevision(context);
  if (syncRolloutRevision(rollout, revision, outcome)) return outcome.decision();

  const rs = newReplicaSet(context, hashForCreation(context), revision);
  if (isNameTaken(context, nameOf(rs))) {
    const collisionCount = (status.collisionCount ?? 0) + 1;
    outcome.because('HashCollision', `The name ${nameOf(rs)} is taken; another hash is tried.`);
    return outcome.decision({ ...status, collisionCount });
  }
  outcome.effect(createReplicaSet(rs));
  outcome.event('Normal', 'NewReplicaSetCreated', `Created ReplicaSet ${nameOf(rs)} (revision ${revision})`);
  outcome.because(
    'NewTemplate',
    `The template is new; ReplicaSet ${nameOf(rs)} is made for revision ${revision}.`,
  );
  return outcome.decision(withProgressing(rollout, progressing.created(nameOf(rs)), now));
}

/** What to write when the API server refused the new ReplicaSet, for a quota or a webhook, say. */
export function decideCreationFailed(
  rollout: Rollout,
  replicaSet: string,
  error: string,
  now: Instant,
): Decision<RolloutStatus> {
  const condition = progressing.createError(replicaSet, error);
  return {
    status: withProgressing(rollout, condition, now),
    effects: [],
    events: [{ type: 'Warning', reason: condition.reason, message: condition.message }],
    because: [{ code: condition.reason, text: condition.message }],
  };
}

function withProgressing(
  { spec, status = {} }: Rollout,
  condition: NewCondition,
  now: Instant,
): RolloutStatus {
  const next = { ...status, conditions: setCondition(status.conditions ?? [], condition, now) };
  const { phase, message } = phaseOf(spec, next, now);
  const { message: _former, ...rest } = next;
  return { ...rest, phase, ...(message && { message }) };
}

/**
 * A ReplicaSet that was deleted under an unchanged spec comes back under its hash, whoever computed that; otherwise the
 * template's own hash counts.
 */
function hashForCreation({ spec, status, specObserved }: RolloutContext): string {
  if (specObserved && status.currentPodHash) return status.currentPodHash;
  return podTemplateHash(spec.template ?? {}, status.collisionCount);
}

/** One of ours with this name was made from another template, or it would have been found. */
function isNameTaken({ view }: RolloutContext, name: string): boolean {
  return view.replicaSets.some((rs) => nameOf(rs) === name && !(controllerOf(rs) && isLeaving(rs)));
}

/** Being deleted in the foreground; its name becomes free. */
const isLeaving = (rs: ReplicaSet) => rs.metadata?.deletionTimestamp !== undefined;

function newReplicaSet(context: RolloutContext, hash: string, revision: number): ReplicaSet {
  const { rollout, spec, namespace, name, replicas, status, view } = context;
  const metadata = metadataOfNew(context);
  const record = recordOf(metadata);
  const template = spec.template ?? {};
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH_LABEL]: hash };
  const affinity = affinityFor(spec, namespace, status.stableRS, hash);
  const annotations = { ...template.metadata?.annotations, ...metadata.annotations };
  const { instanceId } = view.settings;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...labels, ...(instanceId && { [INSTANCE_ID_LABEL]: instanceId }) },
      annotations: {
        ...copiedAnnotations(rollout),
        [REVISION_ANNOTATION]: String(revision),
        [DESIRED_REPLICAS_ANNOTATION]: String(replicas),
        ...(record !== undefined && { [EPHEMERAL_METADATA_ANNOTATION]: record }),
      },
      ownerReferences: [controllerReference(Rollouts, rollout)],
    },
    spec: {
      replicas: 0,
      ...(spec.minReadySeconds !== undefined && { minReadySeconds: spec.minReadySeconds }),
      selector: {
        ...spec.selector,
        matchLabels: { ...spec.selector?.matchLabels, [POD_TEMPLATE_HASH_LABEL]: hash },
      },
      template: {
        ...template,
        metadata: {
          ...template.metadata,
          labels: { ...labels, ...metadata.labels },
          ...(Object.keys(annotations).length > 0 && { annotations }),
        },
        ...(template.spec && { spec: { ...template.spec, ...(affinity && { affinity }) } }),
      },
    },
  };
}
