import type { Affinity, PodAffinityTerm } from 'kubernetes-types/core/v1.d.ts';
import { POD_TEMPLATE_HASH_LABEL, type RolloutSpec } from '../api/index.ts';
import { withoutHashTerms } from './template.ts';

/**
 * The affinity of new pods (CAN §3.7): that of the template, and away from the stable pods if the strategy asks for it
 * and there are any.
 */
export function affinityFor(
  spec: RolloutSpec,
  namespace: string,
  stableHash: string | undefined,
  newHash: string,
): Affinity | undefined {
  const own = withoutHashTerms(spec.template?.spec?.affinity);
  const wanted = spec.strategy?.canary?.antiAffinity ?? spec.strategy?.blueGreen?.antiAffinity;
  if (!wanted || !stableHash || stableHash === newHash) return own;
  const term: PodAffinityTerm = {
    labelSelector: {
      matchExpressions: [{ key: POD_TEMPLATE_HASH_LABEL, operator: 'In', values: [stableHash] }],
    },
    namespaces: [namespace],
    topologyKey: 'kubernetes.io/hostname',
  };
  const anti = own?.podAntiAffinity;
  if (wanted.requiredDuringSchedulingIgnoredDuringExecution) {
    const terms = [...(anti?.requiredDuringSchedulingIgnoredDuringExecution ?? []), term];
    return { ...own, podAntiAffinity: { ...anti, requiredDuringSchedulingIgnoredDuringExecution: terms } };
  }
  const weight = wanted.preferredDuringSchedulingIgnoredDuringExecution?.weight ?? 1;
  const terms = [
    ...(anti?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
    { weight, podAffinityTerm: term },
  ];
  return { ...own, podAntiAffinity: { ...anti, preferredDuringSchedulingIgnoredDuringExecution: terms } };
}
