import { createHash } from 'node:crypto';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';

/** Ten characters of Kubernetes' alphabet for hashes; independent of the order of keys. */
export function templateHash(template: PodTemplateSpec | undefined, collisionCount?: number): string {
  const digest = createHash('sha256')
    .update(`${sortedJson(template)}${collisionCount ?? ''}`)
    .digest();
  return String(digest.readUInt32BE(0)).replace(/\d/g, (digit) => '456789bcdf'[Number(digit)]!);
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
