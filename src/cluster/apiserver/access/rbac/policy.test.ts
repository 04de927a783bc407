import fc from 'fast-check';
import type { PolicyRule, RoleBinding, Subject } from 'kubernetes-types/rbac/v1.d.ts';
import { describe, expect, it } from 'vitest';
import type { Attributes, ResourceAttributes } from '../attributes.ts';
import { serviceAccountUser, type User } from '../users.ts';
import { type AccessObjects, Policy } from './policy.ts';
import { ruleAllows } from './rules.ts';

const rule = (verbs: string, groups: string, resources: string, names = ''): PolicyRule => ({
  verbs: verbs.split(' '),
  apiGroups: groups.split(' '),
  resources: resources.split(' '),
  ...(names && { resourceNames: names.split(' ') }),
});
const ask = (verb: string, resource: string, more: Partial<ResourceAttributes> = {}): Attributes => {
  const [plural = '', subresource] = resource.split('/');
  return { verb, group: '', resource: plural, subresource, ...more };
};

describe('a rule', () => {
  it.each([
    ['a resource that it names', rule('get', '', 'pods'), ask('get', 'pods'), true],
    ['no other verb', rule('get', '', 'pods'), ask('list', 'pods'), false],
    ['every verb with *', rule('*', '', 'pods'), ask('deletecollection', 'pods'), true],
    ['no other group', rule('get', 'apps', 'pods'), ask('get', 'pods'), false],
    ['every group with *', rule('get', '*', 'pods'), ask('get', 'pods', { group: 'apps' }), true],
    ['no subresource of what it names', rule('get', '', 'pods'), ask('get', 'pods/log'), false],
    ['a subresource that it names', rule('get', '', 'pods/log'), ask('get', 'pods/log'), true],
    ['a subresource of every resource', rule('get', '', '*/scale'), ask('get', 'deployments/scale'), true],
    ['not what the subresource belongs to', rule('get', '', '*/scale'), ask('get', 'deployments'), false],
    ['subresources with *', rule('get', '', '*'), ask('get', 'pods/log'), true],
    ['a name in its list', rule('get', '', 'pods', 'a b'), ask('get', 'pods', { name: 'b' }), true],
    ['no other name', rule('get', '', 'pods', 'a b'), ask('get', 'pods', { name: 'c' }), false],
    ['no list of all when it has names', rule('list', '', 'pods', 'a'), ask('list', 'pods'), false],
    ['no path', rule('get', '*', '*'), { verb: 'get', path: '/metrics' }, false],
    ['a path', { verbs: ['get'], nonResourceURLs: ['/metrics'] }, { verb: 'get', path: '/metrics' }, true],
    ['paths below', { verbs: ['get'], nonResourceURLs: ['/api/*'] }, { verb: 'get', path: '/api/v1' }, true],
    [
      'not the path above',
      { verbs: ['get'], nonResourceURLs: ['/api/*'] },
      { verb: 'get', path: '/api' },
      false,
    ],
    ['all paths', { verbs: ['get'], nonResourceURLs: ['*'] }, { verb: 'get', path: '/x' }, true],
  ] as [string, PolicyRule, Attributes, boolean][])('allows %s', (_what, given, attributes, allowed) => {
    expect(ruleAllows(given, attributes)).toBe(allowed);
  });
});

const none: AccessObjects = { roles: [], clusterRoles: [], roleBindings: [], clusterRoleBindings: [] };
const carol: User = { name: 'carol', groups: ['dev', 'system:authenticated'] };
const roleRef = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });
const binding = (kind: string, role: string, ...subjects: Subject[]): Omit<RoleBinding, 'kind'> => ({
  metadata: { name: 'b', namespace: 'team' },
  roleRef: roleRef(kind, role),
  subjects,
});
const user = (name: string): Subject => ({ kind: 'User', name });
const reader = { metadata: { name: 'reader', namespace: 'team' }, rules: [rule('get', '', 'configmaps')] };
const getIn = (namespace?: string) => ask('get', 'configmaps', { namespace });

describe('a binding', () => {
  it('gives a role in its own namespace, and says so', () => {
    const policy = new Policy({
      ...none,
      roles: [reader],
      roleBindings: [binding('Role', 'reader', user('carol'))],
    });
    expect(policy.judge(carol, getIn('team'))).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "b/team" of Role "reader" to User "carol"',
    });
    expect(policy.judge(carol, getIn('other')).allowed).toBe(false);
    expect(policy.judge(carol, getIn()).allowed).toBe(false);
  });

  it('of a ClusterRole in a namespace gives it there alone', () => {
    const clusterRoles = [{ ...reader, metadata: { name: 'reader' } }];
    const roleBindings = [binding('ClusterRole', 'reader', { kind: 'Group', name: 'dev' })];
    const policy = new Policy({ ...none, clusterRoles, roleBindings });
    expect(policy.judge(carol, getIn('team')).reason).toContain('of ClusterRole "reader" to Group "dev"');
    expect(policy.judge(carol, getIn('other')).allowed).toBe(false);
  });

  it('of the cluster gives it everywhere', () => {
    const clusterRoles = [{ ...reader, metadata: { name: 'reader' } }];
    const clusterRoleBindings = [binding('ClusterRole', 'reader', user('carol'))];
    const policy = new Policy({ ...none, clusterRoles, clusterRoleBindings });
    for (const namespace of [undefined, 'team', 'other']) {
      expect(policy.judge(carol, getIn(namespace)).allowed).toBe(true);
    }
  });

  it('finds service accounts of its own namespace when it names none', () => {
    const roleBindings = [binding('Role', 'reader', { kind: 'ServiceAccount', name: 'robot' })];
    const policy = new Policy({ ...none, roles: [reader], roleBindings });
    expect(policy.judge(serviceAccountUser('team', 'robot'), getIn('team')).reason).toContain(
      'ServiceAccount "robot/team"',
    );
    expect(policy.judge(serviceAccountUser('other', 'robot'), getIn('team')).allowed).toBe(false);
  });

  it('names the role that it misses', () => {
    const roleBindings = [binding('Role', 'gone', user('carol'))];
    expect(new Policy({ ...none, roleBindings }).judge(carol, getIn('team'))).toEqual({
      allowed: false,
      reason: 'RBAC: role.rbac.authorization.k8s.io "gone" not found',
    });
  });
});

describe('any policy', () => {
  const word = (...words: string[]) => fc.constantFrom(...words);
  const verbs = word('get', 'list', 'create', '*');
  const resources = word('pods', 'pods/log', 'secrets', '*', '*/log');
  const namespaces = word('a', 'b');
  const rules = fc.array(
    fc.record({
      verbs: fc.array(verbs, { minLength: 1, maxLength: 2 }),
      apiGroups: fc.array(word('', 'apps', '*'), { minLength: 1, maxLength: 2 }),
      resources: fc.array(resources, { minLength: 1, maxLength: 2 }),
      resourceNames: fc.array(word('x', 'y'), { maxLength: 1 }),
    }),
    { maxLength: 2 },
  );
  const subjects = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('User'), name: word('carol', 'dave', 'system:serviceaccount:a:robot') }),
      fc.record({ kind: fc.constant('Group'), name: word('dev', 'ops') }),
      fc.record({ kind: fc.constant('ServiceAccount'), name: fc.constant('robot'), namespace: namespaces }),
    ),
    { maxLength: 2 },
  );
  const objects = fc.record({
    roles: fc.array(
      fc.record({ metadata: fc.record({ name: word('r', 's'), namespace: namespaces }), rules }),
      { maxLength: 2 },
    ),
    clusterRoles: fc.array(fc.record({ metadata: fc.record({ name: word('r', 's') }), rules }), {
      maxLength: 2,
    }),
    roleBindings: fc.array(
      fc.record({
        metadata: fc.record({ name: fc.constant('b'), namespace: namespaces }),
        roleRef: fc.record({
          apiGroup: fc.constant(''),
          kind: word('Role', 'ClusterRole'),
          name: word('r', 's'),
        }),
        subjects,
      }),
      { maxLength: 3 },
    ),
    clusterRoleBindings: fc.array(
      fc.record({
        metadata: fc.record({ name: fc.constant('b') }),
        roleRef: fc.record({
          apiGroup: fc.constant(''),
          kind: fc.constant('ClusterRole'),
          name: word('r', 's'),
        }),
        subjects,
      }),
      { maxLength: 2 },
    ),
  });
  const users = fc.constantFrom<User>(
    { name: 'carol', groups: ['dev'] },
    { name: 'dave', groups: ['ops', 'dev'] },
    serviceAccountUser('a', 'robot'),
  );
  const requests = fc.record({
    verb: word('get', 'list', 'create'),
    group: word('', 'apps'),
    resource: word('pods', 'secrets'),
    subresource: fc.constantFrom(undefined, 'log'),
    namespace: fc.constantFrom(undefined, 'a', 'b'),
    name: fc.constantFrom(undefined, 'x', 'z'),
  });

  it('allows just what one of its bindings gives, looked for one by one', () => {
    fc.assert(
      fc.property(objects, users, requests, (given, who, request) => {
        expect(new Policy(given).judge(who, request).allowed).toBe(naively(given, who, request));
      }),
      { numRuns: 500 },
    );
  });
});

function naively(objects: AccessObjects, who: User, request: ResourceAttributes): boolean {
  const all = [
    ...objects.clusterRoleBindings.map((given) => ({ given, namespace: undefined })),
    ...objects.roleBindings.map((given) => ({ given, namespace: given.metadata?.namespace })),
  ];
  return all.some(({ given, namespace }) => {
    if (namespace !== undefined && namespace !== request.namespace) return false;
    const isMeant = given.subjects?.some(({ kind, name, namespace: own = namespace }) => {
      if (kind === 'Group') return who.groups.includes(name);
      return who.name === (kind === 'User' ? name : `system:serviceaccount:${own}:${name}`);
    });
    const roles: readonly {
      metadata?: { name?: string; namespace?: string };
      rules?: PolicyRule[] | null;
    }[] =
      given.roleRef.kind === 'Role'
        ? objects.roles.filter(({ metadata }) => metadata?.namespace === namespace)
        : objects.clusterRoles;
    // Of two roles of one name, which no server has, the last counts.
    const role = roles.filter(({ metadata }) => metadata?.name === given.roleRef.name).at(-1);
    return isMeant && role?.rules?.some((one) => ruleAllows(one, request));
  });
}
