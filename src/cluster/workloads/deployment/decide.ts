import type { Deployment, DeploymentStatus, ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import {
  type Decision,
  Deployments,
  type Effect,
  type EventRecord,
  type Instant,
  ReplicaSets,
} from '../../../api/index.ts';
import { claim } from '../common/claim.ts';
import { failedToCreate, isComplete, type Progress, statusOf } from './conditions.ts';
import {
  buildReplicaSet,
  expired,
  findNewReplicaSet,
  nextRevision,
  REVISION,
  renewal,
  revisionOf,
  sizeAnnotations,
} from './revisions.ts';
import { rolled, type Sets, type Sizes, scaled, wasScaled } from './scaling.ts';
import { desiredOf, isActiveSet, isRolling, nameOf, newSize, sizeOf } from './sizes.ts';

export interface DeploymentView {
  deployment: Deployment;
  /** The ReplicaSets that it owns, and those in its namespace that it could adopt. */
  replicaSets: readonly ReplicaSet[];
  /** Whether a ReplicaSet has pods that have not ended; asked by the strategy Recreate. */
  hasPods(replicaSet: ReplicaSet): boolean;
  /** Whether the name of a ReplicaSet is taken by one that is not among `replicaSets`. */
  isTaken(name: string): boolean;
}

/** One step of a Deployment towards its template and size. */
export function decideDeployment(view: DeploymentView, now: Instant): Decision<DeploymentStatus> {
  const { deployment } = view;
  const { owned, effects } = claim(
    { type: Deployments, object: deployment, selector: deployment.spec?.selector },
    ReplicaSets,
    view.replicaSets,
  );
  const fresh = findNewReplicaSet(deployment, owned);
  const sets: Sets = { deployment, fresh, old: owned.filter((rs) => rs !== fresh) };
  if (effects.length > 0) return decision(sets, { kind: 'standing' }, now, effects);
  if (deployment.metadata?.deletionTimestamp) return decision(sets, { kind: 'standing' }, now);
  if (deployment.spec?.paused) return resize(sets, scaled(sets), { kind: 'paused' }, now);

  const revised = fresh ? reviseEffects(sets, fresh) : [];
  if (wasScaled(sets)) return resize(sets, scaled(sets), { kind: 'standing' }, now, revised);
  return isRolling(deployment) ? rollingUpdate(view, sets, now, revised) : recreate(view, sets, now, revised);
}

/** What is left to say when the new ReplicaSet could not be made. */
export function decideDeploymentFailure(
  view: DeploymentView,
  failure: { effect: Effect; message: string },
  now: Instant,
): Decision<DeploymentStatus> {
  const { effect, message } = failure;
  const because = [{ code: 'EffectFailed', text: message }];
  if (effect.kind !== 'create') return { effects: [], events: [], because };
  const text = `Failed to create new replica set ${JSON.stringify(effect.ref.name)}: ${message}`;
  return {
    status: failedToCreate(view.deployment, text, now),
    effects: [],
    events: [{ type: 'Warning', reason: 'ReplicaSetCreateError', message: text }],
    because,
  };
}

function rollingUpdate(view: DeploymentView, sets: Sets, now: Instant, before: Effect[]) {
  if (!sets.fresh) return createNew(view, sets, newSize(sets.deployment, sets.old, 0), now);
  const sizes = rolled(sets);
  return sizes.size > 0 ? resize(sets, sizes, { kind: 'rolling' }, now, before) : settle(sets, now, before);
}

/** All old pods go before the first new one comes. */
function recreate(view: DeploymentView, sets: Sets, now: Instant, before: Effect[]) {
  const { deployment, fresh, old } = sets;
  const active = old.filter(isActiveSet);
  if (active.length > 0) {
    return resize(sets, new Map(active.map((rs) => [rs, 0])), { kind: 'rolling' }, now, before);
  }
  if (old.some(view.hasPods)) return decision(sets, { kind: 'rolling' }, now, before);
  if (!fresh) return createNew(view, sets, desiredOf(deployment), now);
  return sizeOf(fresh) === desiredOf(deployment)
    ? settle(sets, now, before)
    : resize(sets, new Map([[fresh, desiredOf(deployment)]]), { kind: 'rolling' }, now, before);
}

function createNew(
  view: DeploymentView,
  sets: Sets,
  replicas: number,
  now: Instant,
): Decision<DeploymentStatus> {
  const { deployment } = sets;
  const wanted = buildReplicaSet(deployment, replicas, nextRevision(sets.old));
  const name = nameOf(wanted);
  if (view.isTaken(name)) {
    const collided = decision(sets, { kind: 'standing' }, now);
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    return { ...collided, status: { ...collided.status, collisionCount } };
  }
  const ref = { type: ReplicaSets, namespace: wanted.metadata?.namespace, name };
  const effects: Effect[] = [
    { kind: 'create', what: `create ReplicaSet ${name}`, ref, object: wanted },
    ...markRevision(deployment, revisionOf(wanted)),
  ];
  const events = replicas > 0 ? [scalingEvent(name, 0, replicas)] : [];
  return decision(sets, { kind: 'created', replicaSet: name }, now, effects, events);
}

/** Nothing is left to be sized; when all is done, old revisions are cleared away. */
function settle(sets: Sets, now: Instant, effects: Effect[]): Decision<DeploymentStatus> {
  const settled = decision(sets, { kind: 'rolling' }, now, effects);
  if (!settled.status || !isComplete(sets.deployment, settled.status)) return settled;
  const removals = expired(sets.deployment, sets.old).map((rs): Effect => {
    const { namespace, name = '', uid } = rs.metadata ?? {};
    const what = `delete ReplicaSet ${name} beyond the history limit`;
    return { kind: 'delete', what, ref: { type: ReplicaSets, namespace, name }, uid };
  });
  return { ...settled, effects: [...settled.effects, ...removals] };
}

function resize(
  sets: Sets,
  sizes: Sizes,
  progress: Progress,
  now: Instant,
  before: Effect[] = [],
): Decision<DeploymentStatus> {
  const effects = [...before];
  const events: EventRecord[] = [];
  const wanted = sizeAnnotations(sets.deployment);
  for (const [rs, size] of sizes) {
    const annotations = rs.metadata?.annotations ?? {};
    const sized = Object.entries(wanted).every(([name, value]) => annotations[name] === value);
    if (size === sizeOf(rs) && sized) continue;
    if (size !== sizeOf(rs)) events.push(scalingEvent(nameOf(rs), sizeOf(rs), size));
    const what = `scale ReplicaSet ${nameOf(rs)} from ${sizeOf(rs)} to ${size}`;
    // Of two patches of one object the second would contradict the version of the first.
    const earlier = effects.findIndex((effect) => effect.kind === 'patch' && effect.ref.name === nameOf(rs));
    const revised =
      earlier < 0 ? undefined : (effects.splice(earlier, 1)[0] as Extract<Effect, { kind: 'patch' }>);
    effects.push(patchSet(rs, what, mergeSize(revised?.patch, wanted, size)));
  }
  return decision(sets, progress, now, effects, events);
}

function mergeSize(
  patch: Record<string, unknown> | undefined,
  annotations: Record<string, string>,
  replicas: number,
) {
  const metadata = patch?.metadata as { annotations?: Record<string, string> } | undefined;
  return {
    metadata: { annotations: { ...metadata?.annotations, ...annotations } },
    spec: { ...(patch?.spec as object | undefined), replicas },
  };
}

/** Makes the ReplicaSet of the current template the newest revision, as after a rollback, and says so on the Deployment. */
function reviseEffects({ deployment, old }: Sets, fresh: ReplicaSet): Effect[] {
  const revision = Math.max(nextRevision(old), revisionOf(fresh));
  const patch = renewal(deployment, fresh, revision);
  const what = `make ReplicaSet ${nameOf(fresh)} revision ${revision}`;
  return [...(patch ? [patchSet(fresh, what, patch)] : []), ...markRevision(deployment, revision)];
}

function markRevision(deployment: Deployment, revision: number): Effect[] {
  if (revisionOf(deployment) === revision) return [];
  const { namespace, name = '' } = deployment.metadata ?? {};
  return [
    {
      kind: 'patch',
      what: `mark Deployment ${name} with revision ${revision}`,
      ref: { type: Deployments, namespace, name },
      patch: { metadata: { annotations: { [REVISION]: String(revision) } } },
      // Through the status, where annotations may be written too, because there they do not raise the generation.
      subresource: 'status',
    },
  ];
}

function patchSet(rs: ReplicaSet, what: string, patch: Record<string, unknown>): Effect {
  const { namespace, name = '', resourceVersion } = rs.metadata ?? {};
  return { kind: 'patch', what, ref: { type: ReplicaSets, namespace, name }, patch, resourceVersion };
}

function scalingEvent(name: string, from: number, to: number): EventRecord {
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`;
  return { type: 'Normal', reason: 'ScalingReplicaSet', message };
}

function decision(
  sets: Sets,
  progress: Progress,
  now: Instant,
  effects: Effect[] = [],
  events: EventRecord[] = [],
): Decision<DeploymentStatus> {
  const { status, wakeAt } = statusOf(sets, progress, now);
  const text = effects.map((effect) => effect.what).join(', ') || 'nothing is to be done';
  return {
    status,
    effects,
    events,
    because: [{ code: progress.kind, text }],
    ...(wakeAt !== undefined && { wakeAt }),
  };
}
