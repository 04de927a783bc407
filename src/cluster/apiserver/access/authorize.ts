import type { PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import type { Resource, Store } from '../store/index.ts';
import { type Attributes, forbiddenRequest } from './attributes.ts';
import { type AccessObjects, Policy, type Verdict } from './rbac/policy.ts';
import { MASTERS, type User } from './users.ts';

const GROUP = 'rbac.authorization.k8s.io';

/** May do everything, whatever the roles say; so nobody can lock themselves out. */
export const isMaster = ({ groups }: User) => groups.includes(MASTERS);

/**
 * Decides by the stored roles and bindings who may do what. A change of them is in force for every request that comes
 * after its answer.
 */
export class Authorizer {
  readonly #resources: Record<keyof AccessObjects, Resource>;
  #policy: Policy | undefined;

  constructor(store: Store) {
    this.#resources = {
      roles: store.resource(`${GROUP}/roles`),
      clusterRoles: store.resource(`${GROUP}/clusterroles`),
      roleBindings: store.resource(`${GROUP}/rolebindings`),
      clusterRoleBindings: store.resource(`${GROUP}/clusterrolebindings`),
    };
    for (const resource of Object.values(this.#resources)) {
      resource.subscribe(() => {
        this.#policy = undefined;
      });
    }
  }

  /** @throws StatusError 403 */
  authorize(user: User, attributes: Attributes): void {
    const { allowed, reason } = this.judge(user, attributes);
    if (!allowed) throw forbiddenRequest(user, attributes, reason);
  }

  judge(user: User, attributes: Attributes): Verdict {
    return isMaster(user) ? { allowed: true, reason: '' } : this.policy.judge(user, attributes);
  }

  /** All that roles give to a user in a namespace. */
  rulesOf(user: User, namespace: string | undefined): PolicyRule[] {
    return this.policy.rulesOf(user, namespace);
  }

  /** The policy as it is now; made anew when it is asked for after a change. */
  get policy(): Policy {
    this.#policy ??= new Policy(this.#objects());
    return this.#policy;
  }

  #objects(): AccessObjects {
    const { roles, clusterRoles, roleBindings, clusterRoleBindings } = this.#resources;
    return {
      roles: objectsOf(roles),
      clusterRoles: objectsOf(clusterRoles),
      roleBindings: objectsOf(roleBindings),
      clusterRoleBindings: objectsOf(clusterRoleBindings),
    };
  }
}

const objectsOf = <T>(resource: Resource) => resource.list().map(({ object }) => object as T);
