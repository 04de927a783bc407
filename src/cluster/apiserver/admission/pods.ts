import type { Pod, Toleration } from 'kubernetes-types/core/v1.d.ts';

const TOLERATION_SECONDS = 300;
const TOLERATED = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** What Kubernetes' default admission plugins add to a new pod: service account, tolerations. */
export function completePod(pod: Pod): Pod {
  const { spec } = pod;
  if (!spec) return pod;
  const serviceAccountName = spec.serviceAccountName || spec.serviceAccount || 'default';
  return {
    ...pod,
    spec: {
      ...spec,
      serviceAccountName,
      serviceAccount: serviceAccountName,
      tolerations: [...(spec.tolerations ?? []), ...missingTolerations(spec.tolerations ?? [])],
    },
  };
}

/** What they do for a pod that is there: what was given to it and is left out stays. */
export function keepPod(next: Pod, { spec: before }: Pod): Pod {
  const { spec } = next;
  if (!spec) return next;
  const priority = spec.priority ?? before?.priority;
  const preemptionPolicy = spec.preemptionPolicy ?? before?.preemptionPolicy;
  const tolerations = [...(spec.tolerations ?? []), ...missingTolerations(spec.tolerations ?? [])];
  return {
    ...next,
    spec: {
      ...spec,
      tolerations,
      ...(priority !== undefined && { priority }),
      ...(preemptionPolicy !== undefined && { preemptionPolicy }),
    },
  };
}

function missingTolerations(given: readonly Toleration[]): Toleration[] {
  const tolerates = (key: string) =>
    given.some(
      (toleration) =>
        (!toleration.key || toleration.key === key) &&
        (!toleration.effect || toleration.effect === 'NoExecute'),
    );
  return TOLERATED.filter((key) => !tolerates(key)).map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: TOLERATION_SECONDS,
  }));
}
