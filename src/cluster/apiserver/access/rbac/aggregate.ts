import type { ClusterRole, PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import { equal, matchesSelector } from '../../../../api/index.ts';

/** The rules of an aggregated role: those of all roles that its selectors choose, in the order of their names. */
export function aggregatedRules(
  { metadata, aggregationRule }: ClusterRole,
  roles: readonly ClusterRole[],
): PolicyRule[] {
  const rules: PolicyRule[] = [];
  const byName = [...roles].sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1));
  for (const selector of aggregationRule?.clusterRoleSelectors ?? []) {
    for (const role of byName) {
      if (role.metadata?.name === metadata?.name) continue;
      if (!matchesSelector(selector, role.metadata?.labels)) continue;
      for (const rule of role.rules ?? []) {
        if (!rules.some((known) => equal(known, rule))) rules.push(rule);
      }
    }
  }
  return rules;
}

/** Roles with the rules of the aggregated ones filled in; these may build on one another. */
export function withAggregatedRules(roles: readonly ClusterRole[]): readonly ClusterRole[] {
  const next = roles.map((role) =>
    role.aggregationRule ? { ...role, rules: aggregatedRules(role, roles) } : role,
  );
  return equal(next, roles) ? roles : withAggregatedRules(next);
}
