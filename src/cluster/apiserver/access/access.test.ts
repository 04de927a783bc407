import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, TestServer } from '../testing/client.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const ROLES = `${RBAC}/namespaces/team/roles`;
const BINDINGS = `${RBAC}/namespaces/team/rolebindings`;
const ACCOUNTS = '/api/v1/namespaces/team/serviceaccounts';
const CONFIGMAPS = '/api/v1/namespaces/team/configmaps';
const REVIEWS = '/apis/authorization.k8s.io/v1';

let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start();
  await api.send('POST /api/v1/namespaces', { body: { metadata: { name: 'team' } } });
});

afterAll(() => api.stop());

const as = (user: string, headers: Record<string, string> = {}) => ({
  headers: { 'impersonate-user': user, ...headers },
});
const rule = (verbs: string[], resources: string[], resourceNames?: string[], apiGroups = ['']) => ({
  verbs,
  apiGroups,
  resources,
  ...(resourceNames && { resourceNames }),
});

/** Gives rules to a user: in the namespace `team`, or everywhere. */
async function allow(user: string, rules: object[], everywhere = false): Promise<void> {
  const name = `of-${user}-${Math.random().toString(36).slice(2)}`;
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: everywhere ? 'ClusterRole' : 'Role', name };
  const subjects = [{ kind: 'User', name: user }];
  const [roles, bindings] = everywhere
    ? [`${RBAC}/clusterroles`, `${RBAC}/clusterrolebindings`]
    : [ROLES, BINDINGS];
  expect((await api.send(`POST ${roles}`, { body: { metadata: { name }, rules } })).status).toBe(201);
  const body = { metadata: { name }, roleRef, subjects };
  expect((await api.send(`POST ${bindings}`, { body })).status).toBe(201);
}

async function token(account: string, spec: object = {}): Promise<Answer> {
  await api.send(`POST ${ACCOUNTS}`, { body: { metadata: { name: account } } });
  return api.send(`POST ${ACCOUNTS}/${account}/token`, { body: { spec } });
}

describe('rights', () => {
  it('are in force with the answer to the binding, and gone with that to its deletion', async () => {
    for (let i = 0; i < 10; i += 1) {
      const name = `quick-${i}`;
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
      const body = { metadata: { name }, roleRef, subjects: [{ kind: 'User', name: 'quick' }] };
      expect((await api.send(`GET ${CONFIGMAPS}`, as('quick'))).status).toBe(403);
      await api.send(`POST ${BINDINGS}`, { body });
      expect((await api.send(`GET ${CONFIGMAPS}`, as('quick'))).status).toBe(200);
      await api.send(`DELETE ${BINDINGS}/${name}`);
    }
  });

  it('to one name allow to get and to watch that one, and no other', async () => {
    await allow('named', [rule(['get', 'list', 'watch'], ['configmaps'], ['mine'])]);
    expect((await api.send(`GET ${CONFIGMAPS}/mine`, as('named'))).status).toBe(404);
    expect((await api.send(`GET ${CONFIGMAPS}/yours`, as('named'))).status).toBe(403);
    expect((await api.send(`GET ${CONFIGMAPS}`, as('named'))).status).toBe(403);
    const selected = `GET ${CONFIGMAPS}?fieldSelector=metadata.name%3Dmine`;
    expect((await api.send(selected, as('named'))).status).toBe(200);
  });

  it('to one name cannot be stretched by a selector that only looks like it', async () => {
    await allow('sly', [rule(['list'], ['pods'], ['mine'])]);
    const list = (selector: string, more = '') =>
      api.send(
        `GET /api/v1/namespaces/team/pods?fieldSelector=${encodeURIComponent(selector)}${more}`,
        as('sly'),
      );
    expect((await list('metadata.name=mine')).status).toBe(200);
    expect((await list('metadata.name!=mine')).status).toBe(403);
    expect((await list('spec.nodeName!=\\,metadata.name=mine')).status).toBe(403);
    expect((await list('metadata.name=mine', '&watch=t')).body.message).toMatch(
      /cannot watch resource "pods"/,
    );
  });

  it('to change something do not create it on the way', async () => {
    await allow('changer', [
      rule(['patch'], ['configmaps']),
      rule(['update'], ['leases'], undefined, ['coordination.k8s.io']),
    ]);
    const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'new' } };
    const apply = { ...as('changer'), type: 'application/apply-patch+yaml', body: applied };
    const refused = await api.send(`PATCH ${CONFIGMAPS}/new?fieldManager=t`, apply);
    expect([refused.status, refused.body.message]).toEqual([
      403,
      'configmaps "new" is forbidden: User "changer" cannot create resource "configmaps" in API group "" in the namespace "team"',
    ]);
    const lease = { ...as('changer'), body: { metadata: { name: 'new' } } };
    const put = await api.send('PUT /apis/coordination.k8s.io/v1/namespaces/team/leases/new', lease);
    expect(put.status).toBe(403);
    await api.send(`POST ${CONFIGMAPS}`, { body: applied });
    expect((await api.send(`PATCH ${CONFIGMAPS}/new?fieldManager=t`, apply)).status).toBe(200);
  });

  it('to a namespace itself can be given within it', async () => {
    await allow('member', [rule(['get'], ['namespaces'])]);
    expect((await api.send('GET /api/v1/namespaces/team', as('member'))).status).toBe(200);
    const { body } = await api.send('GET /api/v1/namespaces/default', as('member'));
    expect(body.message).toBe(
      'namespaces "default" is forbidden: User "member" cannot get resource "namespaces" in API group "" in the namespace "default"',
    );
  });

  it('name the missing role in the refusal', async () => {
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'gone' };
    const body = { metadata: { name: 'dangling' }, roleRef, subjects: [{ kind: 'User', name: 'dangling' }] };
    await api.send(`POST ${BINDINGS}`, { body });
    const { body: refused } = await api.send(`GET ${CONFIGMAPS}`, as('dangling'));
    expect(refused.message).toMatch(/RBAC: role\.rbac\.authorization\.k8s\.io "gone" not found$/);
  });

  it('are discovery and reviews of oneself for everybody who is authenticated', async () => {
    expect((await api.send('GET /apis/apps/v1', as('anybody'))).status).toBe(200);
    expect((await api.send('GET /metrics', as('anybody'))).status).toBe(403);
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews';
    expect((await api.send(path, { ...as('anybody'), body: review })).status).toBe(201);
  });

  it('are none for the anonymous but health and version, whom a binding can give more', async () => {
    const post = { token: '', body: { metadata: { name: 'a' } } };
    expect((await api.send(`POST ${CONFIGMAPS}`, post)).status).toBe(403);
    await allow('system:anonymous', [rule(['get'], ['configmaps'])]);
    expect((await api.send(`GET ${CONFIGMAPS}/a`, { token: '' })).status).toBe(404);
  });
});

describe('nobody gives away what they do not hold', () => {
  beforeAll(async () => {
    await allow('lead', [
      rule(['get'], ['configmaps']),
      rule(['create', 'update', 'patch'], ['roles', 'rolebindings'], undefined, [
        'rbac.authorization.k8s.io',
      ]),
    ]);
  });

  const create = (path: string, user: string, body: object) =>
    api.send(`POST ${path}`, { ...as(user), body });
  const bindTo = (kind: string, name: string) => ({
    metadata: { name: `to-${name}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects: [{ kind: 'User', name: 'friend' }],
  });

  it('by a role', async () => {
    const held = { metadata: { name: 'held' }, rules: [rule(['get'], ['configmaps'])] };
    expect((await create(ROLES, 'lead', held)).status).toBe(201);
    const more = { metadata: { name: 'more' }, rules: [rule(['get', 'list'], ['secrets'])] };
    const { status, body } = await create(ROLES, 'lead', more);
    expect(status).toBe(403);
    expect(body.message).toBe(
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "lead" (groups=["system:authenticated"]) is ' +
        'attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
    );
  });

  it('by a change of a role, in a dry run neither', async () => {
    const patch = { rules: [rule(['*'], ['*'])] };
    const options = { ...as('lead'), body: patch, type: 'application/merge-patch+json' };
    expect((await api.send(`PATCH ${ROLES}/held?dryRun=All`, options)).status).toBe(403);
    const labels = { ...options, body: { metadata: { labels: { a: 'b' } } } };
    expect((await api.send(`PATCH ${ROLES}/held`, labels)).status).toBe(200);
  });

  it('by a binding, unless they may bind its role', async () => {
    expect((await create(BINDINGS, 'lead', bindTo('ClusterRole', 'view'))).status).toBe(403);
    expect((await create(BINDINGS, 'lead', bindTo('Role', 'held'))).status).toBe(201);
    const { status, body } = await create(BINDINGS, 'lead', bindTo('ClusterRole', 'none'));
    expect([status, body.message]).toEqual([404, 'clusterroles.rbac.authorization.k8s.io "none" not found']);
    await allow('lead', [rule(['bind'], ['clusterroles'], ['view'], ['rbac.authorization.k8s.io'])]);
    expect((await create(BINDINGS, 'lead', bindTo('ClusterRole', 'view'))).status).toBe(201);
  });

  it('but hear first what is wrong with a role or a binding', async () => {
    const message = async (path: string, body: object) => (await create(path, 'lead', body)).body.message;
    const metadata = { name: 'odd' };
    expect(await message(ROLES, { metadata, rules: [null] })).toMatch(/rules\[0\]\.verbs: Required value/);
    expect(await message(ROLES, { metadata, rules: [{ resources: ['pods'] }] })).toMatch(
      /rules\[0\]\.verbs: Required value: verbs must contain at least one value/,
    );
    expect(await message(BINDINGS, { metadata })).toMatch(/roleRef\.name: Required value/);
  });

  it('by an aggregated role', async () => {
    await allow('maker', [rule(['*'], ['clusterroles'], undefined, ['rbac.authorization.k8s.io'])], true);
    const role = {
      metadata: { name: 'sum' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { sum: 'yes' } }] },
      rules: [],
    };
    // `*` holds `escalate` too.
    expect((await create(`${RBAC}/clusterroles`, 'maker', role)).status).toBe(201);
    await allow(
      'maker2',
      [rule(['create'], ['clusterroles'], undefined, ['rbac.authorization.k8s.io'])],
      true,
    );
    const { body } = await create(`${RBAC}/clusterroles`, 'maker2', { ...role, metadata: { name: 'sum2' } });
    expect(body.message).toBe(
      'clusterroles.rbac.authorization.k8s.io "sum2" is forbidden: must have cluster-admin privileges to use an aggregationRule',
    );
  });
});

describe('an aggregated role', () => {
  it('follows the roles with its label', async () => {
    const metadata = {
      name: 'widgets-view',
      labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' },
    };
    const widgets = rule(['get'], ['widgets'], undefined, ['example.com']);
    await api.send(`POST ${RBAC}/clusterroles`, { body: { metadata, rules: [widgets] } });
    for (const role of ['view', 'edit', 'admin']) {
      await expect
        .poll(async () => (await api.send(`GET ${RBAC}/clusterroles/${role}`)).body.rules)
        .toContainEqual(widgets);
    }
    await api.send(`DELETE ${RBAC}/clusterroles/widgets-view`);
    await expect
      .poll(async () => (await api.send(`GET ${RBAC}/clusterroles/admin`)).body.rules)
      .not.toContainEqual(widgets);
  });
});

describe('impersonation', () => {
  const who = async (options: object) => {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const answer = await api.send('POST /apis/authentication.k8s.io/v1/selfsubjectreviews', {
      ...options,
      body,
    });
    return answer.status === 201 ? answer.body.status.userInfo : answer.body.message;
  };

  it('takes user, groups, uid and extras', async () => {
    const headers = {
      'impersonate-group': 'dev',
      'impersonate-uid': '7',
      'impersonate-extra-example.com%2fscope': 'read',
    };
    expect(await who(as('carol', headers))).toEqual({
      username: 'carol',
      uid: '7',
      groups: ['dev', 'system:authenticated'],
      extra: { 'example.com/scope': ['read'] },
    });
  });

  it('of a service account takes its groups along; of the anonymous it authenticates nobody', async () => {
    expect((await who(as('system:serviceaccount:team:robot'))).groups).toEqual([
      'system:serviceaccounts',
      'system:serviceaccounts:team',
      'system:authenticated',
    ]);
    expect(await who(as('system:anonymous'))).toMatch(
      /^selfsubjectreviews.*User "system:anonymous" cannot create/,
    );
  });

  it('needs the right for each part', async () => {
    const { body } = await token('actor');
    const actor = { token: body.status.token };
    const name = 'system:serviceaccount:team:actor';
    expect(await who({ ...actor, ...as('carol') })).toBe(
      `users "carol" is forbidden: User "${name}" cannot impersonate resource "users" in API group "" at the cluster scope`,
    );
    await allow(name, [rule(['impersonate'], ['users'], ['carol'])], true);
    expect((await who({ ...actor, ...as('carol') })).username).toBe('carol');
    expect(await who({ ...actor, ...as('carol', { 'impersonate-group': 'system:masters' }) })).toMatch(
      /^groups "system:masters" is forbidden/,
    );
    expect(await who({ ...actor, ...as('carol', { 'impersonate-extra-scope': 'all' }) })).toMatch(
      /cannot impersonate resource "userextras\/scope" in API group "authentication.k8s.io"/,
    );
    expect(await who({ ...actor, ...as('system:serviceaccount:team:robot') })).toMatch(
      /^serviceaccounts "robot" is forbidden.* in the namespace "team"$/,
    );
  });
});

describe('reviews', () => {
  const review = async (
    kind: string,
    spec: object,
    path = `${REVIEWS}/${kind.toLowerCase()}s`,
    user?: string,
  ) => {
    const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec };
    const answer = await api.send(`POST ${path}`, { ...(user && as(user)), body });
    return answer.status === 201 ? answer.body.status : answer.body.message;
  };
  const list = { verb: 'list', resource: 'configmaps', namespace: 'team' };

  it('answer for users and for groups', async () => {
    await allow('asked', [rule(['list'], ['configmaps'])]);
    const kind = 'SubjectAccessReview';
    expect(await review(kind, { user: 'asked', resourceAttributes: list })).toMatchObject({ allowed: true });
    expect(await review(kind, { user: 'asked', resourceAttributes: { ...list, namespace: 'x' } })).toEqual({
      allowed: false,
    });
    expect(await review(kind, { groups: ['system:masters'], resourceAttributes: list })).toEqual({
      allowed: true,
    });
    const nonResourceAttributes = { verb: 'get', path: '/healthz' };
    expect(await review(kind, { groups: ['system:unauthenticated'], nonResourceAttributes })).toMatchObject({
      allowed: true,
    });
  });

  it('of one namespace ask about that one', async () => {
    const path = `${REVIEWS}/namespaces/team/localsubjectaccessreviews`;
    const kind = 'LocalSubjectAccessReview';
    expect(await review(kind, { user: 'asked', resourceAttributes: list }, path)).toMatchObject({
      allowed: true,
    });
    const other = { ...list, namespace: 'other' };
    expect(await review(kind, { user: 'asked', resourceAttributes: other }, path)).toBe(
      'spec.resourceAttributes.namespace must match namespace: team',
    );
  });

  it.each([
    [{ user: 'x' }, /spec.resourceAttributes: .*exactly one of nonResourceAttributes or resourceAttributes/],
    [{ resourceAttributes: list }, /spec.user: .*at least one of user or group must be specified/],
    [
      { user: 'x', resourceAttributes: list, nonResourceAttributes: {} },
      /cannot be specified in combination/,
    ],
    [{ user: 7, resourceAttributes: list }, /spec.user must be a string/],
    [{ user: 'x', resourceAttributes: 'all' }, /spec.resourceAttributes must be an object/],
    [{ user: 'x', resourceAttributes: { verb: ['get'] } }, /spec.resourceAttributes.verb must be a string/],
  ])('refuse %j', async (spec, problem) => {
    expect(await review('SubjectAccessReview', spec)).toMatch(problem);
  });

  it('list what the asking user may do', async () => {
    const path = `${REVIEWS}/selfsubjectrulesreviews`;
    const { resourceRules, incomplete } = await review(
      'SelfSubjectRulesReview',
      { namespace: 'team' },
      path,
      'asked',
    );
    expect(resourceRules).toContainEqual({ verbs: ['list'], apiGroups: [''], resources: ['configmaps'] });
    expect(incomplete).toBe(false);
    expect(await review('SelfSubjectRulesReview', {}, path, 'asked')).toBe('no namespace on request');
  });
});

describe('tokens', () => {
  const review = async (spec: object) => {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec };
    return (await api.send('POST /apis/authentication.k8s.io/v1/tokenreviews', { body })).body.status;
  };

  it('for another audience are refused here, and valid there', async () => {
    const { body } = await token('robot', { audiences: ['vault'] });
    const { token: given } = body.status;
    expect((await api.send(`GET ${CONFIGMAPS}`, { token: given })).status).toBe(401);
    expect(await review({ token: given })).toMatchObject({
      error: expect.stringContaining('is invalid for'),
    });
    const status = await review({ token: given, audiences: ['vault', 'other'] });
    expect(status).toMatchObject({ authenticated: true, audiences: ['vault'] });
    expect(status.user.username).toBe('system:serviceaccount:team:robot');
  });

  it('bound to an object end with it', async () => {
    await api.send('POST /api/v1/namespaces/team/secrets', { body: { metadata: { name: 'lease' } } });
    const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name: 'lease' };
    const { body } = await token('robot', { boundObjectRef });
    expect((await review({ token: body.status.token })).authenticated).toBe(true);
    await api.send('DELETE /api/v1/namespaces/team/secrets/lease');
    expect((await review({ token: body.status.token })).authenticated).toBeUndefined();
    expect((await token('robot', { boundObjectRef })).status).toBe(404);
    expect((await token('robot', { boundObjectRef: { kind: 'Service', name: 'x' } })).status).toBe(400);
  });

  it('are refused when the request for them makes no sense', async () => {
    expect((await token('robot', { audiences: 'vault' })).body.message).toBe(
      'spec.audiences must be a list of strings',
    );
    expect((await token('robot', { expirationSeconds: 60 })).body.message).toMatch(
      /spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes/,
    );
  });

  it('that nobody issued belong to nobody', async () => {
    expect(await review({ token: 'a.b.c' })).toMatchObject({
      error: expect.stringContaining('invalid bearer token'),
    });
  });
});

it('finds its bootstrap roles as they were after a restart', async () => {
  const before = (await api.send(`GET ${RBAC}/clusterroles`)).body.items;
  await api.restart();
  expect((await api.send(`GET ${RBAC}/clusterroles`)).body.items).toEqual(before);
});
