import type {
  Affinity,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  Toleration,
  TopologySpreadConstraint,
} from 'kubernetes-types/core/v1.d.ts';
import type { FieldError } from '../../errors.ts';
import { validateLabels } from '../../schema/metadata.ts';
import { qualifiedName } from '../../schema/names.ts';
import { check, forbidden, invalid, oneOf, required } from '../checks.ts';
import { validateSelector } from '../selectors.ts';

/** What Kubernetes refuses of the fields that say where a pod may run. */
export function validateScheduling(spec: PodSpec, field: string): FieldError[] {
  return [
    ...validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...(spec.affinity ? validateAffinity(spec.affinity, `${field}.affinity`) : []),
    ...(spec.tolerations ?? []).flatMap((toleration, i) =>
      validateToleration(toleration, `${field}.tolerations[${i}]`),
    ),
    ...(spec.topologySpreadConstraints ?? []).flatMap((constraint, i) =>
      validateSpread(constraint, `${field}.topologySpreadConstraints[${i}]`),
    ),
  ];
}

function validateToleration(toleration: Toleration, field: string): FieldError[] {
  const { key = '', operator = '', value, effect, tolerationSeconds } = toleration;
  const errors = key ? check(`${field}.key`, key, qualifiedName) : [];
  if (!key && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${field}.operator`, operator, detail));
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalid(`${field}.effect`, effect ?? '', detail));
  }
  errors.push(...oneOf(`${field}.operator`, operator || undefined, ['Equal', 'Exists']));
  if (operator === 'Exists' && value) {
    const detail = "value must be empty when `operator` is 'Exists'";
    errors.push(invalid(`${field}.operator`, quotedToleration(toleration), detail));
  }
  const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
  return [...errors, ...oneOf(`${field}.effect`, effect || undefined, effects)];
}

/** A toleration as messages quote it, with Go's names of its fields. */
const quotedToleration = ({
  key = '',
  operator = '',
  value = '',
  effect = '',
  tolerationSeconds = undefined as number | undefined,
}: Toleration) => ({
  Key: key,
  Operator: operator,
  Value: value,
  Effect: effect,
  TolerationSeconds: tolerationSeconds ?? null,
});

function validateAffinity(affinity: Affinity, field: string): FieldError[] {
  const { nodeAffinity: node } = affinity;
  const errors: FieldError[] = [];
  const must = node?.requiredDuringSchedulingIgnoredDuringExecution;
  if (must) {
    const at = `${field}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
    if (!must.nodeSelectorTerms?.length)
      errors.push(required(at, 'must have at least one node selector term'));
    for (const [i, term] of (must.nodeSelectorTerms ?? []).entries()) {
      errors.push(...validateNodeTerm(term, `${at}[${i}]`));
    }
  }
  const preferred = node?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  for (const [i, { weight, preference }] of preferred.entries()) {
    const at = `${field}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
    errors.push(...validateWeight(weight, at), ...validateNodeTerm(preference, `${at}.preference`));
  }
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const at = `${field}.${kind}`;
    const terms = affinity[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    for (const [i, term] of terms.entries()) {
      errors.push(...validatePodTerm(term, `${at}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`));
    }
    const weighted = affinity[kind]?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    for (const [i, { weight, podAffinityTerm }] of weighted.entries()) {
      const place = `${at}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
      errors.push(...validateWeight(weight, place));
      errors.push(...validatePodTerm(podAffinityTerm, `${place}.podAffinityTerm`));
    }
  }
  return errors;
}

function validateWeight(weight: number | undefined, field: string): FieldError[] {
  const value = weight ?? 0;
  return value >= 1 && value <= 100 ? [] : [invalid(`${field}.weight`, value, 'must be in the range 1-100')];
}

function validateNodeTerm(term: NodeSelectorTerm | undefined, field: string): FieldError[] {
  return (term?.matchExpressions ?? []).flatMap(({ key = '', operator, values = [] }, i) => {
    const at = `${field}.matchExpressions[${i}]`;
    const errors: FieldError[] = [];
    if (operator === 'In' || operator === 'NotIn') {
      const detail = "must be specified when `operator` is 'In' or 'NotIn'";
      if (values.length === 0) errors.push(required(`${at}.values`, detail));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      if (values.length > 0) errors.push(forbidden(`${at}.values`, detail));
    } else if (operator === 'Gt' || operator === 'Lt') {
      const detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
      if (values.length !== 1) errors.push(required(`${at}.values`, detail));
    } else errors.push(invalid(`${at}.operator`, operator ?? '', 'not a valid selector operator'));
    return [...errors, ...check(`${at}.key`, key, qualifiedName)];
  });
}

function validatePodTerm(term: PodAffinityTerm | undefined, field: string): FieldError[] {
  return [
    ...validateSelector(term?.labelSelector, `${field}.labelSelector`),
    ...validateSelector(term?.namespaceSelector, `${field}.namespaceSelector`),
    ...validateTopologyKey(term?.topologyKey, field),
  ];
}

const validateTopologyKey = (key: string | undefined, field: string) =>
  key
    ? check(`${field}.topologyKey`, key, qualifiedName)
    : [required(`${field}.topologyKey`, 'can not be empty')];

function validateSpread(constraint: TopologySpreadConstraint, field: string): FieldError[] {
  const { maxSkew = 0, topologyKey, whenUnsatisfiable = '', labelSelector } = constraint;
  const errors = maxSkew > 0 ? [] : [invalid(`${field}.maxSkew`, maxSkew, 'must be greater than zero')];
  if (!topologyKey) errors.push(required(`${field}.topologyKey`, 'can not be empty'));
  return [
    ...errors,
    ...oneOf(`${field}.whenUnsatisfiable`, whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']),
    ...validateSelector(labelSelector, `${field}.labelSelector`),
  ];
}
