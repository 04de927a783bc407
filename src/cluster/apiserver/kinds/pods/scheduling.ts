import type {
  Affinity,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  Toleration,
  TopologySpreadConstraint,
} from 'kubernetes-types/core/v1.d.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import type { FieldError } from '../../errors.ts';
import { validateLabels } from '../../schema/metadata.ts';
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '../../schema/names.ts';
import { check, duplicate, forbidden, invalid, oneOf, required } from '../checks.ts';
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
    ...validateDistinct(spec.topologySpreadConstraints ?? [], `${field}.topologySpreadConstraints`),
    ...validateGates(spec, field),
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
  } else if (operator !== 'Exists') errors.push(...check(`${field}.operator`, value ?? '', labelValue));
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
  return [...validateLabelRequirements(term, field), ...validateFieldRequirements(term, field)];
}

function validateLabelRequirements(term: NodeSelectorTerm | undefined, field: string): FieldError[] {
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
    errors.push(...check(`${at}.key`, key, qualifiedName));
    return [...errors, ...values.flatMap((value, j) => check(`${at}.values[${j}]`, value, labelValue))];
  });
}

/** Requirements of a node's own fields, of which there is one: its name. */
function validateFieldRequirements(term: NodeSelectorTerm | undefined, field: string): FieldError[] {
  return (term?.matchFields ?? []).flatMap(({ key = '', operator, values = [] }, i) => {
    const at = `${field}.matchFields[${i}]`;
    const errors: FieldError[] = [];
    if (operator !== 'In' && operator !== 'NotIn') {
      errors.push(invalid(`${at}.operator`, operator ?? '', 'not a valid selector operator'));
    } else if (values.length !== 1) {
      const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
      errors.push(required(`${at}.values`, detail));
    }
    if (key !== 'metadata.name') {
      return [...errors, invalid(`${at}.key`, key, 'not a valid field selector key')];
    }
    return [...errors, ...values.flatMap((value, j) => check(`${at}.values[${j}]`, value, dnsSubdomain))];
  });
}

function validatePodTerm(term: PodAffinityTerm | undefined, field: string): FieldError[] {
  return [
    ...validateSelector(term?.labelSelector, `${field}.labelSelector`),
    ...validateSelector(term?.namespaceSelector, `${field}.namespaceSelector`),
    ...(term?.namespaces ?? []).flatMap((name) => check(`${field}.namespace`, name, dnsLabel)),
    ...validateLabelKeys(term ?? {}, field),
    ...validateTopologyKey(term?.topologyKey, field),
  ];
}

const validateTopologyKey = (key: string | undefined, field: string) => [
  ...(key ? [] : [required(`${field}.topologyKey`, 'can not be empty')]),
  ...check(`${field}.topologyKey`, key ?? '', qualifiedName),
];

/** Labels whose values a selector takes from the pod itself. */
function validateLabelKeys(
  {
    labelSelector,
    ...lists
  }: { labelSelector?: LabelSelector; matchLabelKeys?: string[]; mismatchLabelKeys?: string[] },
  field: string,
): FieldError[] {
  return (['matchLabelKeys', 'mismatchLabelKeys'] as const).flatMap((name) => {
    const keys = lists[name] ?? [];
    if (keys.length === 0) return [];
    if (!labelSelector) {
      return [forbidden(`${field}.${name}`, 'must not be specified when labelSelector is not set')];
    }
    return keys.flatMap((key, i) => check(`${field}.${name}[${i}]`, key, qualifiedName));
  });
}

function validateSpread(constraint: TopologySpreadConstraint, field: string): FieldError[] {
  const { maxSkew = 0, topologyKey, whenUnsatisfiable = '', labelSelector } = constraint;
  const errors = maxSkew > 0 ? [] : [invalid(`${field}.maxSkew`, maxSkew, 'must be greater than zero')];
  if (!topologyKey) errors.push(required(`${field}.topologyKey`, 'can not be empty'));
  return [
    ...errors,
    ...oneOf(`${field}.whenUnsatisfiable`, whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']),
    ...validateMinDomains(constraint, `${field}.minDomains`),
    ...oneOf(`${field}.nodeAffinityPolicy`, constraint.nodeAffinityPolicy, ['Honor', 'Ignore']),
    ...oneOf(`${field}.nodeTaintsPolicy`, constraint.nodeTaintsPolicy, ['Honor', 'Ignore']),
    ...validateLabelKeys(constraint, field),
    ...validateSelector(labelSelector, `${field}.labelSelector`),
  ];
}

function validateMinDomains(
  { minDomains, whenUnsatisfiable = '' }: TopologySpreadConstraint,
  field: string,
): FieldError[] {
  if (minDomains === undefined) return [];
  const errors = minDomains > 0 ? [] : [invalid(field, minDomains, 'must be greater than zero')];
  if (whenUnsatisfiable === 'DoNotSchedule') return errors;
  const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
  return [...errors, invalid(field, minDomains, detail)];
}

/** Two constraints must not say the same of the same. */
function validateDistinct(constraints: readonly TopologySpreadConstraint[], field: string): FieldError[] {
  const pairs = constraints.map(
    ({ topologyKey, whenUnsatisfiable }) => `{${topologyKey}, ${whenUnsatisfiable}}`,
  );
  return pairs.flatMap((pair, i) =>
    pairs.includes(pair, i + 1) ? [duplicate(`${field}[${i}].{topologyKey, whenUnsatisfiable}`, pair)] : [],
  );
}

/** What holds a pod back. */
function validateGates(spec: PodSpec, field: string): FieldError[] {
  const gates = (spec as { schedulingGates?: { name?: string }[] }).schedulingGates ?? [];
  const names = gates.map(({ name }) => name ?? '');
  const errors = names.flatMap((name, i) => {
    const at = `${field}.schedulingGates[${i}]`;
    const isKnown = names.indexOf(name) < i;
    return [...check(at, name, qualifiedName), ...(isKnown ? [duplicate(at, name)] : [])];
  });
  if (gates.length > 0 && spec.nodeName) {
    const detail = 'cannot be set until all schedulingGates have been cleared';
    errors.push(forbidden(`${field}.nodeName`, detail));
  }
  return errors;
}
