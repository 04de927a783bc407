import type { ClusterRole, ClusterRoleBinding } from 'kubernetes-types/rbac/v1.d.ts';
import { equal } from '../../../../api/index.ts';
import { isAutoupdated } from './bootstrap.ts';
import { missingRights } from './escalation.ts';

/** A role that is there already, with what the bootstrap role has and it has not; undefined: nothing to add. */
export function completedRole(stored: ClusterRole, wanted: ClusterRole): ClusterRole | undefined {
  if (!isAutoupdated(stored)) return undefined;
  // The rules of an aggregated role follow from other roles.
  const missing = wanted.aggregationRule ? [] : missingRights(stored.rules ?? [], wanted.rules ?? []);
  return changed(stored, {
    ...withMetadata(stored, wanted),
    rules: [...(stored.rules ?? []), ...missing],
    ...(wanted.aggregationRule && { aggregationRule: stored.aggregationRule ?? wanted.aggregationRule }),
  });
}

/** Like `completedRole`, for the subjects of a binding. */
export function completedBinding(
  stored: ClusterRoleBinding,
  wanted: ClusterRoleBinding,
): ClusterRoleBinding | undefined {
  if (!isAutoupdated(stored)) return undefined;
  const known = stored.subjects ?? [];
  const missing = (wanted.subjects ?? []).filter(
    ({ kind, name }) => !known.some((subject) => subject.kind === kind && subject.name === name),
  );
  return changed(stored, { ...withMetadata(stored, wanted), subjects: [...known, ...missing] });
}

const changed = <T>(stored: T, next: T): T | undefined => (equal(stored, next) ? undefined : next);

function withMetadata<T extends ClusterRole | ClusterRoleBinding>(stored: T, { metadata }: T): T {
  return {
    ...stored,
    metadata: {
      ...stored.metadata,
      labels: { ...metadata?.labels, ...stored.metadata?.labels },
      annotations: { ...metadata?.annotations, ...stored.metadata?.annotations },
    },
  };
}
