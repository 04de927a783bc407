import type { PolicyRule, Role, RoleBinding, RoleRef, Subject } from 'kubernetes-types/rbac/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { dnsSubdomain } from '../schema/names.ts';
import { check, forbidden, invalid, oneOf, required } from './checks.ts';
import { age, column, createdAt, wide } from './columns.ts';
import { type BuiltinKind, builtin } from './define.ts';
import type { Kind } from './kind.ts';

const group = 'rbac.authorization.k8s.io';

function rbac(kind: string, plural: string, namespaced: boolean, more: Partial<BuiltinKind>): Kind {
  return builtin({
    group,
    version: 'v1',
    kind,
    plural,
    package: 'io.k8s.api.rbac.v1',
    namespaced,
    allowCreateOnUpdate: true,
    ...more,
  });
}

interface WithRules extends KubeObject {
  rules?: (PolicyRule | null)[] | null;
}

const roleRules: Partial<BuiltinKind> = {
  allColumns: [createdAt],
  // Kubernetes always writes the list of rules, and reads null in it as an empty rule.
  defaults: (object) =>
    ({ ...object, rules: (object as WithRules).rules?.map((rule) => rule ?? {}) ?? null }) as KubeObject,
};

const ruleErrors =
  (namespaced: boolean) =>
  (object: KubeObject): FieldError[] =>
    ((object as Role).rules ?? []).flatMap((rule, i) => validateRule(rule, `rules[${i}]`, namespaced));

export const roles = rbac('Role', 'roles', true, { ...roleRules, validate: ruleErrors(true) });
export const clusterRoles = rbac('ClusterRole', 'clusterroles', false, {
  ...roleRules,
  validate: ruleErrors(false),
});

function validateRule(rule: PolicyRule, field: string, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (!rule.verbs?.length) errors.push(required(`${field}.verbs`, 'verbs must contain at least one value'));
  if (rule.nonResourceURLs?.length) {
    if (namespaced) {
      errors.push(
        invalid(
          `${field}.nonResourceURLs`,
          rule.nonResourceURLs,
          'namespaced rules cannot apply to non-resource URLs',
        ),
      );
    }
    if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length) {
      const detail = 'rules cannot apply to both regular resources and non-resource URLs';
      errors.push(invalid(`${field}.nonResourceURLs`, rule.nonResourceURLs, detail));
    }
    return errors;
  }
  if (!rule.apiGroups?.length) {
    errors.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
  }
  if (!rule.resources?.length) {
    errors.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
  }
  return errors;
}

/** Names of the subjects of one kind. */
const subjects = (kind: string) =>
  wide<RoleBinding>(`${kind}s`, `${kind}s that the role is given to.`, ({ subjects: list = [] }) =>
    list
      .filter((subject) => subject.kind === kind)
      .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
      .join(','),
  );

const bindingRules: Partial<BuiltinKind> = {
  allColumns: [
    column<RoleBinding>('Role', 'Role that is given.', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
    age,
    subjects('User'),
    subjects('Group'),
    subjects('ServiceAccount'),
  ],
  defaults(object) {
    const { roleRef, subjects: list } = object as RoleBinding;
    const filled = list?.map(
      (subject): Subject =>
        subject.kind === 'User' || subject.kind === 'Group'
          ? { ...subject, apiGroup: subject.apiGroup ?? group }
          : subject,
    );
    return {
      ...object,
      roleRef: { ...roleRef, apiGroup: roleRef?.apiGroup || group },
      ...(filled && { subjects: filled }),
    } as KubeObject;
  },
  validateUpdate(next, old) {
    const [after, before] = [(next as RoleBinding).roleRef, (old as RoleBinding).roleRef];
    return equal(after, before) ? [] : [invalid('roleRef', quotedRoleRef(after), 'cannot change roleRef')];
  },
};

const bindingErrors =
  (namespaced: boolean) =>
  (object: KubeObject): FieldError[] => {
    const { roleRef, subjects: list } = object as RoleBinding;
    const supported = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
    const errors = [
      ...oneOf('roleRef.apiGroup', roleRef.apiGroup, [group]),
      ...oneOf('roleRef.kind', roleRef.kind, supported),
    ];
    if (!roleRef.name) errors.push(required('roleRef.name'));
    return [
      ...errors,
      ...(list ?? []).flatMap((subject, i) => validateSubject(subject, `subjects[${i}]`, namespaced)),
    ];
  };

function validateSubject(
  { kind, name, namespace, apiGroup }: Subject,
  field: string,
  namespaced: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${field}.name`));
  errors.push(...oneOf(`${field}.kind`, kind, ['ServiceAccount', 'User', 'Group']));
  if (kind === 'ServiceAccount') {
    if (name) errors.push(...check(`${field}.name`, name, dnsSubdomain));
    if (apiGroup) errors.push(...oneOf(`${field}.apiGroup`, apiGroup, ['']));
    if (!namespaced && !namespace) errors.push(required(`${field}.namespace`));
  } else if (namespace) {
    errors.push(forbidden(`${field}.namespace`, `may not be given for a ${kind}`));
  }
  return errors;
}

/** The reference as messages quote it, with Go's names of its fields. */
const quotedRoleRef = ({ apiGroup, kind, name }: RoleRef) => ({
  APIGroup: apiGroup,
  Kind: kind,
  Name: name,
});

export const roleBindings = rbac('RoleBinding', 'rolebindings', true, {
  ...bindingRules,
  validate: bindingErrors(true),
});
export const clusterRoleBindings = rbac('ClusterRoleBinding', 'clusterrolebindings', false, {
  ...bindingRules,
  validate: bindingErrors(false),
});
