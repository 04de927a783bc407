import type { ConfigMap } from 'kubernetes-types/core/v1.d.ts';

/** A ConfigMap with a version, as a server would send it. */
export function configMap(
  name: string,
  resourceVersion: number,
  data: Record<string, string> = {},
): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'a', uid: `uid-${name}`, resourceVersion: String(resourceVersion) },
    data,
  };
}
