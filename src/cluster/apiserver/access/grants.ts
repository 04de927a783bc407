import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
} from 'kubernetes-types/rbac/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import type { Admission, ObjectTarget, Target } from '../rest/core.ts';
import { forbidden, notFound } from '../status.ts';
import { AdmissionStep } from './admission-step.ts';
import type { Authorizer } from './authorize.ts';
import { RBAC_GROUP } from './rbac/bootstrap.ts';
import { EVERYTHING, missingRights, quoteList, rightsText } from './rbac/escalation.ts';
import type { User } from './users.ts';

type AnyRole = Role & Pick<ClusterRole, 'aggregationRule'>;
type AnyBinding = RoleBinding | ClusterRoleBinding;

const ROLE_PLURALS: Readonly<Record<string, string>> = { Role: 'roles', ClusterRole: 'clusterroles' };

/**
 * Lets nobody give away rights that they do not hold: neither by a role, unless they may `escalate` it, nor by a
 * binding, unless they may `bind` its role.
 */
export class GrantChecks extends AdmissionStep {
  readonly #authorizer: Authorizer;
  readonly #user: User;

  /** @param user who makes the request */
  constructor(next: Admission, authorizer: Authorizer, user: User) {
    super(next);
    this.#authorizer = authorizer;
    this.#user = user;
  }

  override admitCreate(target: Target, object: KubeObject): KubeObject {
    this.#check({ ...target, name: object.metadata?.name ?? '' }, object);
    return super.admitCreate(target, object);
  }

  override admitUpdate(target: ObjectTarget, next: KubeObject, live: KubeObject): KubeObject {
    if (!equal(granted(next), granted(live))) this.#check(target, next, live);
    return super.admitUpdate(target, next, live);
  }

  #check(target: ObjectTarget, object: KubeObject, live?: KubeObject): void {
    if (target.kind.plural.endsWith('bindings')) this.#checkBinding(target, object as AnyBinding);
    else this.#checkRole(target, object as AnyRole, live as AnyRole | undefined);
  }

  #checkRole(target: ObjectTarget, { rules, aggregationRule }: AnyRole, live: AnyRole | undefined): void {
    if (this.#may('escalate', target.kind.plural, target.namespace, target.name)) return;
    const aggregates = aggregationRule ?? live?.aggregationRule;
    if (aggregates && missingRights(this.#held(target), EVERYTHING).length > 0) {
      throw forbidden(
        target.kind,
        target.name,
        'must have cluster-admin privileges to use an aggregationRule',
      );
    }
    this.#checkRights(target, rules ?? []);
  }

  #checkBinding(target: ObjectTarget, { roleRef }: AnyBinding): void {
    const plural = ROLE_PLURALS[roleRef.kind];
    // Validation refuses it.
    if (!plural || !roleRef.name) return;
    if (this.#may('bind', plural, target.namespace, roleRef.name)) return;
    const rules = this.#authorizer.policy.roleRules(roleRef, target.namespace);
    if (!rules) throw notFound({ group: RBAC_GROUP, plural, kind: roleRef.kind }, roleRef.name);
    this.#checkRights(target, rules);
  }

  #checkRights(target: ObjectTarget, rules: readonly PolicyRule[]): void {
    const missing = missingRights(this.#held(target), rules);
    if (missing.length === 0) return;
    const { name, groups } = this.#user;
    const who = `user ${JSON.stringify(name)} (groups=${quoteList(groups)})`;
    throw forbidden(
      target.kind,
      target.name,
      `${who} is attempting to grant RBAC permissions not currently held:\n${rightsText(missing)}`,
    );
  }

  #held({ namespace }: ObjectTarget): PolicyRule[] {
    return this.#authorizer.rulesOf(this.#user, namespace);
  }

  #may(verb: string, resource: string, namespace: string | undefined, name: string): boolean {
    return this.#authorizer.judge(this.#user, { verb, group: RBAC_GROUP, resource, namespace, name }).allowed;
  }
}

/** What an object gives away, and to whom. */
function granted(object: KubeObject): unknown {
  const { rules, aggregationRule, roleRef, subjects } = object as Partial<AnyRole & RoleBinding>;
  return { rules: rules ?? [], aggregationRule, roleRef, subjects: subjects ?? [] };
}
