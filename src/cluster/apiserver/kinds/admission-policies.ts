import type {
  MatchResources,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from 'kubernetes-types/admissionregistration/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { oneOf, required } from './checks.ts';
import { column, unset } from './columns.ts';
import { type BuiltinKind, builtin } from './define.ts';
import { type Rule, validateExpression, validateRule } from './webhooks.ts';

const shared = {
  allowUnconditionalUpdate: false,
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  package: 'io.k8s.api.admissionregistration.v1',
  categories: ['api-extensions'],
  namespaced: false,
  generation: ['spec'],
} satisfies Partial<BuiltinKind>;

export const validatingAdmissionPolicies = builtin({
  ...shared,
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  status: true,
  columns: [
    column<ValidatingAdmissionPolicy>(
      'Validations',
      'How many there are.',
      ({ spec }) => spec?.validations?.length ?? 0,
      { type: 'integer' },
    ),
    column<ValidatingAdmissionPolicy>('ParamKind', 'Kind of its parameters.', ({ spec }) => {
      const { apiVersion, kind } = spec?.paramKind ?? {};
      return kind ? `${apiVersion}/${kind}` : unset;
    }),
  ],
  defaults(object) {
    const { spec } = object as ValidatingAdmissionPolicy;
    if (!spec) return object;
    const { matchConstraints } = spec;
    return {
      ...object,
      spec: {
        ...spec,
        failurePolicy: spec.failurePolicy ?? 'Fail',
        ...(matchConstraints && { matchConstraints: defaultMatch(matchConstraints) }),
      },
    } as KubeObject;
  },
  validate: (object) => validatePolicy((object as ValidatingAdmissionPolicy).spec),
});

export const validatingAdmissionPolicyBindings = builtin({
  ...shared,
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  columns: [
    column<ValidatingAdmissionPolicyBinding>(
      'PolicyName',
      'The policy that it puts to use.',
      ({ spec }) => spec?.policyName ?? '',
    ),
    column<ValidatingAdmissionPolicyBinding>('ParamRef', 'Its parameters.', ({ spec }) => {
      const { name, namespace, selector } = spec?.paramRef ?? {};
      if (selector) return unset;
      return name ? `${namespace ? `${namespace}/` : '*/'}${name}` : unset;
    }),
  ],
  defaults(object) {
    const { spec } = object as ValidatingAdmissionPolicyBinding;
    if (!spec?.matchResources) return object;
    return { ...object, spec: { ...spec, matchResources: defaultMatch(spec.matchResources) } } as KubeObject;
  },
  validate: (object) => validateBinding((object as ValidatingAdmissionPolicyBinding).spec),
});

function defaultMatch(match: MatchResources): MatchResources {
  const rules = (list: MatchResources['resourceRules']) => list?.map((rule) => ({ scope: '*', ...rule }));
  return {
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    ...match,
    ...(match.resourceRules && { resourceRules: rules(match.resourceRules) }),
    ...(match.excludeResourceRules && { excludeResourceRules: rules(match.excludeResourceRules) }),
  } as MatchResources;
}

function validatePolicy(spec: ValidatingAdmissionPolicy['spec']): FieldError[] {
  const errors: FieldError[] = [];
  const { paramKind, matchConstraints, validations = [], auditAnnotations = [] } = spec ?? {};
  if (paramKind && !paramKind.apiVersion) errors.push(required('spec.paramKind.apiVersion'));
  if (paramKind && !paramKind.kind) errors.push(required('spec.paramKind.kind'));
  if (!matchConstraints) errors.push(required('spec.matchConstraints'));
  else if (!matchConstraints.resourceRules?.length) {
    errors.push(required('spec.matchConstraints.resourceRules'));
  }
  for (const [i, rule] of (matchConstraints?.resourceRules ?? []).entries()) {
    errors.push(...validateRule(rule as Rule, `spec.matchConstraints.resourceRules[${i}]`));
  }
  errors.push(...oneOf('spec.failurePolicy', spec?.failurePolicy, ['Fail', 'Ignore']));
  if (validations.length === 0 && auditAnnotations.length === 0) {
    errors.push(
      required('spec.validations', 'validations or auditAnnotations must be present'),
      required('spec.auditAnnotations', 'validations or auditAnnotations must be present'),
    );
  }
  for (const list of ['variables', 'matchConditions'] as const) {
    for (const [i, { expression }] of (spec?.[list] ?? []).entries()) {
      errors.push(...validateExpression(expression, `spec.${list}[${i}].expression`));
    }
  }
  for (const [i, { expression }] of validations.entries()) {
    if (!expression?.trim()) {
      errors.push(required(`spec.validations[${i}].expression`, 'expression is not specified'));
    } else errors.push(...validateExpression(expression, `spec.validations[${i}].expression`));
  }
  return errors;
}

const ACTIONS = ['Audit', 'Deny', 'Warn'];

function validateBinding(spec: ValidatingAdmissionPolicyBinding['spec']): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec?.policyName) errors.push(required('spec.policyName'));
  if (!spec?.validationActions?.length) errors.push(required('spec.validationActions'));
  for (const [i, action] of (spec?.validationActions ?? []).entries()) {
    errors.push(...oneOf(`spec.validationActions[${i}]`, action, ACTIONS));
  }
  return errors;
}
