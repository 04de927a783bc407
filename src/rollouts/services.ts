import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Service } from 'kubernetes-types/core/v1.d.ts';
import { MANAGED_BY_ANNOTATION, POD_TEMPLATE_HASH_LABEL, type RolloutSpec } from '../api/index.ts';
import type { RolloutContext } from './context.ts';
import { releaseService, switchService } from './effects.ts';
import type { Outcome } from './outcome.ts';
import { availableOf, hashOf, nameOf, sizeOf } from './replicasets.ts';

/** Which pods the Services of a Rollout select (CAN §11, TRF §4). */

/** Services that a spec names. */
function referencedServices({ strategy }: RolloutSpec): string[] {
  const { canary, blueGreen } = strategy ?? {};
  return [
    canary?.canaryService,
    canary?.stableService,
    canary?.pingPong?.pingService,
    canary?.pingPong?.pongService,
    blueGreen?.activeService,
    blueGreen?.previewService,
  ].filter((name): name is string => Boolean(name));
}

export const selectedHash = (service: Service | undefined): string =>
  service?.spec?.selector?.[POD_TEMPLATE_HASH_LABEL] ?? '';

/**
 * Points a Service at the pods of a ReplicaSet, unless that would leave it without pods: with `checked`, a Service that
 * is not managed yet waits until all of them are available, a managed one until one is.
 */
export function pointService(
  context: RolloutContext,
  outcome: Outcome,
  serviceName: string | undefined,
  rs: ReplicaSet | undefined,
  checked: boolean,
): void {
  const service = serviceName ? context.view.services.get(serviceName) : undefined;
  if (!service || !rs) return;
  const from = selectedHash(service);
  const to = hashOf(rs);
  if (from === to) return;
  const available = availableOf(rs);
  const adopted = Boolean(service.metadata?.annotations?.[MANAGED_BY_ANNOTATION]);
  const complete = sizeOf(rs) > 0 && available >= sizeOf(rs);
  if (checked && (available === 0 || (!adopted && !complete))) {
    outcome.because(
      'WaitingForPodsOfService',
      `Service ${serviceName} is switched to ReplicaSet ${nameOf(rs)} when ` +
        `${adopted ? 'one of its pods is' : 'all of its pods are'} available (now ${available} of ${sizeOf(rs)}).`,
    );
    return;
  }
  outcome.effect(switchService(service, to, context.rollout));
  outcome.event(
    'Normal',
    'SwitchService',
    `Switched selector for service '${serviceName}' from '${from}' to '${to}'`,
  );
}

/** Gives up the Services that carry the Rollout's mark and are no longer named by it (TRF-022). */
export function releaseUnusedServices({ view, name, spec }: RolloutContext, outcome: Outcome): void {
  const referenced = new Set(referencedServices(spec));
  for (const [serviceName, service] of view.services) {
    if (referenced.has(serviceName)) continue;
    if (service.metadata?.annotations?.[MANAGED_BY_ANNOTATION] !== name) continue;
    outcome.effect(releaseService(service));
  }
}
