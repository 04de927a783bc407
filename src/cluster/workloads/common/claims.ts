import type { Pod } from 'kubernetes-types/core/v1.d.ts';

/** The names of the PersistentVolumeClaims that a pod mounts. */
export const claimsOf = (pod: Pod): string[] =>
  (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
