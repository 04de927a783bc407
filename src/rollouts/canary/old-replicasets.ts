import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import { formatTime } from '../../api/index.ts';
import type { Outcome } from '../outcome.ts';
import {
  availableOf,
  byAge,
  hashOf,
  nameOf,
  revisionOf,
  scaleDownDeadlineOf,
  sizeOf,
  sum,
} from '../replicasets.ts';
import { selectedHash } from '../services.ts';
import type { CanaryContext } from './context.ts';

/** What is to happen to a ReplicaSet of an earlier revision. */
export interface OldReplicaSetChange {
  rs: ReplicaSet;
  to: number;
  /** Starts its delay: it keeps its size until then. RFC 3339. */
  deadline?: string;
}

const DEFAULT_DELAY_SECONDS = 30;

/**
 * Scales down the ReplicaSets of earlier revisions as far as availability allows (CAN §5.7). With a router, those that
 * may still receive traffic stay, and the former stable one stays for a while so that going back is instant.
 */
export function planOldReplicaSets(context: CanaryContext, outcome: Outcome): OldReplicaSetChange[] {
  const { owned, otherRSs, replicas, limits } = context;
  const running = otherRSs.filter((rs) => sizeOf(rs) > 0);
  if (running.length === 0) return [];
  // Pods are on their way out; counting them would be counting them twice.
  if (running.some((rs) => availableOf(rs) > sizeOf(rs))) return [];
  const isServing = servingHashes(context);
  const sizes = new Map(running.map((rs) => [rs, sizeOf(rs)]));

  for (const rs of running) {
    const withinDelay = (scaleDownDeadlineOf(rs) ?? 0) > context.now;
    if (!withinDelay && !isServing(rs)) sizes.set(rs, Math.min(sizeOf(rs), availableOf(rs)));
  }
  let budget = sum(owned, availableOf) - (replicas - limits.unavailable);
  let delayed = 0;
  const changes: OldReplicaSetChange[] = [];
  const newestFirst = [...running].sort((a, b) => revisionOf(b) - revisionOf(a) || byAge(b, a));
  for (const rs of newestFirst) {
    if (budget > 0 && !isServing(rs)) {
      const size = sizes.get(rs) ?? 0;
      const plan = context.routed ? planRouted(rs) : { to: Math.max(0, size - budget) };
      if (plan.delayed) delayed++;
      budget -= Math.max(0, Math.min(size, availableOf(rs)) - plan.to);
      sizes.set(rs, Math.min(size, plan.to));
      if (plan.deadline) {
        changes.push({ rs, to: sizeOf(rs), deadline: plan.deadline });
        continue;
      }
    }
    const to = sizes.get(rs) ?? 0;
    if (to !== sizeOf(rs)) changes.push({ rs, to });
  }
  return changes;

  function planRouted(rs: ReplicaSet): { to: number; deadline?: string; delayed?: boolean } {
    const { canary, fullyPromoted, now } = context;
    const size = sizeOf(rs);
    const deadline = scaleDownDeadlineOf(rs);
    if (!fullyPromoted && deadline === undefined) return { to: 0 };
    if (canary.dynamicStableScale) return { to: 0 };
    const limit = canary.scaleDownDelayRevisionLimit ?? Number.POSITIVE_INFINITY;
    const delayMs = (canary.scaleDownDelaySeconds ?? DEFAULT_DELAY_SECONDS) * 1000;
    if (deadline === undefined) {
      if (delayed >= limit || delayMs === 0) return { to: 0 };
      const until = Math.ceil(now / 1000) * 1000 + delayMs;
      outcome.wakeAt(until);
      outcome.because(
        'ScaleDownDelay',
        `ReplicaSet ${nameOf(rs)} keeps its pods until ${formatTime(until)}.`,
      );
      return { to: size, deadline: formatTime(until), delayed: true };
    }
    if (delayed + 1 > limit || now >= deadline) return { to: 0, delayed: true };
    outcome.wakeAt(deadline);
    outcome.because(
      'ScaleDownDelay',
      `ReplicaSet ${nameOf(rs)} keeps its pods until ${formatTime(deadline)}.`,
    );
    return { to: size, delayed: true };
  }
}

/** Whether traffic may still go to a ReplicaSet, by status, recorded weights or Services (CAN-066). */
function servingHashes(context: CanaryContext): (rs: ReplicaSet) => boolean {
  if (!context.routed) return () => false;
  const { status, canary, view } = context;
  const weights = status.canary?.weights;
  const services = [
    canary.canaryService,
    canary.stableService,
    canary.pingPong?.pingService,
    canary.pingPong?.pongService,
  ];
  const hashes = new Set([
    status.stableRS,
    status.currentPodHash,
    weights?.canary.podTemplateHash,
    weights?.stable.podTemplateHash,
    ...services.map((name) => name && selectedHash(view.services.get(name))),
  ]);
  return (rs) => hashes.has(hashOf(rs));
}
