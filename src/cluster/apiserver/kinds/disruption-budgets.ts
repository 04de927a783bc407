import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts';
import type { FieldError } from '../errors.ts';
import { countOrPercent, invalid, oneOf } from './checks.ts';
import { column } from './columns.ts';
import { builtin } from './define.ts';
import { validateSelector } from './selectors.ts';

const limitCell = (limit: number | string | undefined) => (limit === undefined ? 'N/A' : String(limit));

export const podDisruptionBudgets = builtin({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  package: 'io.k8s.api.policy.v1',
  shortNames: ['pdb'],
  status: true,
  generation: ['spec'],
  allowUnconditionalUpdate: false,
  columns: [
    column<PodDisruptionBudget>('Min Available', 'Pods that must stay.', ({ spec }) =>
      limitCell(spec?.minAvailable),
    ),
    column<PodDisruptionBudget>('Max Unavailable', 'Pods that may be missing.', ({ spec }) =>
      limitCell(spec?.maxUnavailable),
    ),
    column<PodDisruptionBudget>(
      'Allowed Disruptions',
      'Pods that may be evicted now.',
      ({ status }) => status?.disruptionsAllowed ?? 0,
      { type: 'integer' },
    ),
  ],
  validate(object) {
    const { spec } = object as PodDisruptionBudget;
    const errors = [
      ...atMostAll('spec.minAvailable', spec?.minAvailable),
      ...atMostAll('spec.maxUnavailable', spec?.maxUnavailable),
      ...oneOf('spec.unhealthyPodEvictionPolicy', spec?.unhealthyPodEvictionPolicy, [
        'AlwaysAllow',
        'IfHealthyBudget',
      ]),
    ];
    if (spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
      errors.unshift(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
    }
    return [...errors, ...validateSelector(spec?.selector, 'spec.selector')];
  },
});

function atMostAll(field: string, value: number | string | undefined): FieldError[] {
  const errors = countOrPercent(field, value);
  const percent = /^(\d+)%$/.exec(String(value))?.[1];
  if (percent === undefined || Number(percent) <= 100) return errors;
  return [...errors, invalid(field, value, 'must not be greater than 100%')];
}
