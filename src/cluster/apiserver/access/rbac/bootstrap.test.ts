import type { ClusterRole } from 'kubernetes-types/rbac/v1.d.ts';
import { describe, expect, it } from 'vitest';
import type { User } from '../users.ts';
import { withAggregatedRules } from './aggregate.ts';
import { bootstrapBindings, bootstrapRoles } from './bootstrap.ts';
import { completedBinding, completedRole } from './complete.ts';
import { Policy } from './policy.ts';

const roles = withAggregatedRules(bootstrapRoles);
const find = (name: string) => roles.find(({ metadata }) => metadata?.name === name) as ClusterRole;

function policyWith(role: string): { may(verb: string, group: string, resource: string): boolean } {
  const policy = new Policy({
    roles: [],
    clusterRoles: roles,
    roleBindings: [
      {
        metadata: { name: 'b', namespace: 'team' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'User', name: 'carol' }],
      },
    ],
    clusterRoleBindings: bootstrapBindings,
  });
  const carol: User = { name: 'carol', groups: ['system:authenticated'] };
  return {
    may: (verb, group, resource) => {
      const [plural = '', subresource] = resource.split('/');
      return policy.judge(carol, { verb, group, resource: plural, subresource, namespace: 'team' }).allowed;
    },
  };
}

describe('bootstrap roles', () => {
  it('view reads workloads and rollouts, but no secrets, and writes nothing', () => {
    const { may } = policyWith('view');
    expect(may('list', 'apps', 'deployments')).toBe(true);
    expect(may('get', '', 'pods/log')).toBe(true);
    expect(may('watch', 'argoproj.io', 'rollouts')).toBe(true);
    expect(may('get', '', 'secrets')).toBe(false);
    expect(may('update', 'apps', 'deployments')).toBe(false);
    expect(may('create', '', 'pods/exec')).toBe(false);
  });

  it('edit also writes workloads, reads secrets and runs commands, but makes no roles', () => {
    const { may } = policyWith('edit');
    expect(may('list', 'apps', 'deployments')).toBe(true);
    expect(may('patch', 'argoproj.io', 'rollouts')).toBe(true);
    expect(may('get', '', 'secrets')).toBe(true);
    expect(may('create', '', 'pods/exec')).toBe(true);
    expect(may('create', 'rbac.authorization.k8s.io', 'rolebindings')).toBe(false);
  });

  it('admin also makes roles, but no quotas', () => {
    const { may } = policyWith('admin');
    expect(may('create', 'rbac.authorization.k8s.io', 'rolebindings')).toBe(true);
    expect(may('delete', '', 'secrets')).toBe(true);
    expect(may('create', '', 'resourcequotas')).toBe(false);
  });

  it('are completed at the next start, with what users added kept', () => {
    const wanted = find('system:basic-user');
    const added = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
    const stored: ClusterRole = { ...wanted, rules: [added], metadata: { name: 'system:basic-user' } };
    const next = completedRole(stored, wanted);
    expect(next?.rules?.[0]).toEqual(added);
    expect(next?.metadata?.labels).toEqual(wanted.metadata?.labels);
    expect(next && completedRole(next, wanted)).toBeUndefined();
  });

  it('stay as users left them when they say so', () => {
    const wanted = find('system:basic-user');
    const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
    expect(completedRole({ metadata: { annotations }, rules: [] }, wanted)).toBeUndefined();
  });

  it('get the groups back that were taken from their bindings', () => {
    const wanted = bootstrapBindings[0]!;
    const next = completedBinding({ ...wanted, subjects: [{ kind: 'User', name: 'carol' }] }, wanted);
    expect(next?.subjects?.map(({ name }) => name)).toEqual(['carol', 'system:masters']);
  });
});
