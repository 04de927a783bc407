import type { Attributes } from '../access/attributes.ts';
import type { Verdict } from '../access/rbac/policy.ts';
import type { User } from '../access/users.ts';
import type { FieldError } from '../errors.ts';
import type { ApiContext } from '../http/context.ts';
import { badRequest, invalid } from '../status.ts';
import { object, type Question, strings, text } from './question.ts';

type Spec = Question['spec'];

/** May the user and groups of the spec do this? */
export function accessReview({ authorizer }: ApiContext, { spec }: Question): object {
  check('SubjectAccessReview', [...attributeErrors(spec), ...subjectErrors(spec)]);
  return verdictStatus(authorizer.judge(subjectOf(spec), attributesOf(spec)));
}

/** May the asking user do this? */
export function selfAccessReview({ authorizer }: ApiContext, { spec, user }: Question): object {
  check('SelfSubjectAccessReview', attributeErrors(spec));
  return verdictStatus(authorizer.judge(user, attributesOf(spec)));
}

/** Like `accessReview`, for what is in one namespace; so that its administrators may ask. */
export function localAccessReview({ authorizer }: ApiContext, { spec, namespace }: Question): object {
  const errors = [...attributeErrors(spec), ...subjectErrors(spec)];
  if (object(spec, 'nonResourceAttributes')) {
    errors.push(
      wrong('nonResourceAttributes', spec.nonResourceAttributes, 'disallowed on this kind of request'),
    );
  }
  check('LocalSubjectAccessReview', errors);
  const attributes = object(spec, 'resourceAttributes') ?? {};
  if (text(attributes, 'namespace', 'resourceAttributes.namespace') !== (namespace ?? '')) {
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
  }
  return verdictStatus(authorizer.judge(subjectOf(spec), attributesOf(spec)));
}

/** All that the asking user may do in a namespace. */
export function rulesReview({ authorizer }: ApiContext, { spec, user }: Question): object {
  const namespace = text(spec, 'namespace');
  if (!namespace) throw badRequest('no namespace on request');
  const rules = authorizer.rulesOf(user, namespace);
  return {
    resourceRules: rules
      .filter(({ resources }) => resources?.length)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames?.length && { resourceNames }),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs?.length)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
}

const verdictStatus = ({ allowed, reason }: Verdict) => ({ allowed, ...(reason && { reason }) });

function subjectOf(spec: Spec): User {
  const uid = text(spec, 'uid');
  const extra = object(spec, 'extra') as Record<string, string[]> | undefined;
  return {
    name: text(spec, 'user'),
    groups: strings(spec, 'groups'),
    ...(uid && { uid }),
    ...(extra && { extra }),
  };
}

function attributesOf(spec: Spec): Attributes {
  const path = object(spec, 'nonResourceAttributes');
  const field = (name: string) => `nonResourceAttributes.${name}`;
  if (path) return { verb: text(path, 'verb', field('verb')), path: text(path, 'path', field('path')) };
  const given = object(spec, 'resourceAttributes') ?? {};
  const of = (name: string) => text(given, name, `resourceAttributes.${name}`);
  return {
    verb: of('verb'),
    group: of('group'),
    resource: of('resource'),
    subresource: of('subresource'),
    namespace: of('namespace'),
    name: of('name'),
  };
}

function attributeErrors(spec: Spec): FieldError[] {
  const [resource, path] = [object(spec, 'resourceAttributes'), object(spec, 'nonResourceAttributes')];
  if (resource && path) {
    return [
      wrong('nonResourceAttributes', path, 'cannot be specified in combination with resourceAttributes'),
    ];
  }
  if (resource || path) return [];
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [wrong('resourceAttributes', null, detail)];
}

function subjectErrors(spec: Spec): FieldError[] {
  if (text(spec, 'user') || strings(spec, 'groups').length > 0) return [];
  return [wrong('user', '', 'at least one of user or group must be specified')];
}

const wrong = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field: `spec.${field}`,
  value,
  detail,
});

function check(kind: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: 'authorization.k8s.io', kind }, '', errors);
}
