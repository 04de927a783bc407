import type { StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod, PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import { controllerReference, StatefulSets } from '../../../api/index.ts';
import { podOf } from '../common/pods.ts';
import { REVISION_LABEL } from '../common/revisions.ts';

/** What makes a pod of a StatefulSet that pod and no other: its number, its name, its volumes. */

/** The number at the end of a pod's name; undefined when it is no name of this set's pods. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const prefix = `${set.metadata?.name}-`;
  const name = pod.metadata?.name ?? '';
  if (!name.startsWith(prefix)) return undefined;
  const digits = name.slice(prefix.length);
  return /^(0|[1-9]\d{0,9})$/.test(digits) ? Number(digits) : undefined;
}

export const podName = (set: StatefulSet, ordinal: number): string => `${set.metadata?.name}-${ordinal}`;

export function buildPod(
  set: StatefulSet,
  ordinal: number,
  template: PodTemplateSpec | undefined,
  revision: string,
): Pod {
  const name = podName(set, ordinal);
  const pod = podOf(template, controllerReference(StatefulSets, set), set.metadata?.namespace, name);
  const claimed = (set.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => ({
    name: metadata?.name ?? '',
    persistentVolumeClaim: { claimName: `${metadata?.name}-${name}` },
  }));
  const others = (pod.spec?.volumes ?? []).filter((volume) =>
    claimed.every(({ name }) => name !== volume.name),
  );
  const volumes = [...claimed, ...others];
  const { serviceName } = set.spec ?? {};
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...pod.metadata?.labels,
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
        [REVISION_LABEL]: revision,
      },
    },
    spec: {
      containers: [],
      ...pod.spec,
      hostname: name,
      ...(serviceName && { subdomain: serviceName }),
      ...(volumes.length > 0 && { volumes }),
    },
  };
}
