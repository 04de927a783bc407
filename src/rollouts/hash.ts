import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import type { CanaryStep } from '../api/index.ts';
import { stepsJson } from './step-json.ts';

/** `0123456789` as it is written in names: without characters that could form words (CAN §3.2). */
const DIGITS = '456789bcdf';

/**
 * Hash of a pod template, for the name and the label of a new ReplicaSet (CAN §3.2). It does not depend on the order
 * of keys. Once a ReplicaSet has its label, that label counts and nobody computes the hash again (CAN-026).
 * @param collisionCount `status.collisionCount`; another count gives another hash
 */
export function podTemplateHash(template: PodTemplateSpec, collisionCount?: number): string {
  const bytes = [...new TextEncoder().encode(sortedJson(template))];
  if (collisionCount !== undefined) {
    for (let shift = 0; shift < 64; shift += 8)
      bytes.push(shift < 32 ? (collisionCount >>> shift) & 0xff : 0);
  }
  return encode(fnv1a(bytes));
}

/** Hash of a canary's steps, equal to Argo Rollouts' (CAN §8.2), so that a rollout taken over keeps its step. */
export function stepsHash(steps: readonly CanaryStep[] | undefined): string {
  return encode(fnv1a(new TextEncoder().encode(stepsJson(steps))));
}

function fnv1a(bytes: Iterable<number>): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

const encode = (hash: number) => String(hash).replace(/\d/g, (digit) => DIGITS[Number(digit)] ?? '');

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
