import type { Pod, Service } from 'kubernetes-types/core/v1.d.ts';

/** The name of a pod of its own under that of the Service, as those of a StatefulSet have. */
export function hostnameIn({ metadata }: Service, { spec }: Pod): string | undefined {
  return spec?.hostname && spec.subdomain === metadata?.name ? spec.hostname : undefined;
}
