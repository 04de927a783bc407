import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { type Effect, type EventRecord, Pods } from '../../../api/index.ts';

/** The effects on pods that workload controllers have, and the events that tell of them. */

export function podCreation(pod: Pod): Effect {
  const { namespace, name = '' } = pod.metadata ?? {};
  return { kind: 'create', what: `create pod ${name}`, ref: { type: Pods, namespace, name }, object: pod };
}

/** Only this incarnation: a pod that has come under the same name stays. */
export function podDeletion(pod: Pod): Effect {
  const { namespace, name = '', uid } = pod.metadata ?? {};
  return { kind: 'delete', what: `delete pod ${name}`, ref: { type: Pods, namespace, name }, uid };
}

export const podCreated = ({ metadata }: Pod): EventRecord => ({
  type: 'Normal',
  reason: 'SuccessfulCreate',
  message: `Created pod: ${metadata?.name}`,
});

export const podDeleted = ({ metadata }: Pod): EventRecord => ({
  type: 'Normal',
  reason: 'SuccessfulDelete',
  message: `Deleted pod: ${metadata?.name}`,
});
