import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from 'kubernetes-types/rbac/v1.d.ts';
import { type Attributes, isPath } from '../attributes.ts';
import type { User } from '../users.ts';
import { ruleAllows } from './rules.ts';

/** The objects that say who may do what. */
export interface AccessObjects {
  roles: readonly Role[];
  clusterRoles: readonly ClusterRole[];
  roleBindings: readonly RoleBinding[];
  clusterRoleBindings: readonly ClusterRoleBinding[];
}

/** Whether a user may do something, and why; the reason may be empty. */
export interface Verdict {
  allowed: boolean;
  reason: string;
}

/** What one binding gives to one of its subjects. */
interface Grant {
  /** Undefined when the role does not exist. */
  rules: readonly PolicyRule[] | undefined;
  /** `RoleBinding "readers/team" of Role "reader" to User "carol"`. */
  text: string;
  roleRef: RoleRef;
}

/** Roles and bindings of one moment, indexed by whom they are given to. */
export class Policy {
  readonly #roles: ReadonlyMap<string, readonly PolicyRule[]>;
  readonly #grants = new Map<string, Grant[]>();

  constructor({ roles, clusterRoles, roleBindings, clusterRoleBindings }: AccessObjects) {
    this.#roles = new Map([
      ...clusterRoles.map((role) => [roleKey(role.metadata?.name), role.rules ?? []] as const),
      ...roles.map(
        (role) => [roleKey(role.metadata?.name, role.metadata?.namespace), role.rules ?? []] as const,
      ),
    ]);
    // Those of the cluster come first: they are looked at first.
    for (const binding of clusterRoleBindings) this.#add('ClusterRoleBinding', binding);
    for (const binding of roleBindings) this.#add('RoleBinding', binding, binding.metadata?.namespace ?? '');
  }

  /** Whether the bindings of a user, and of its groups, allow a request. */
  judge(user: User, attributes: Attributes): Verdict {
    const namespace = isPath(attributes) ? undefined : attributes.namespace;
    const problems = new Set<string>();
    for (const { rules, text, roleRef } of this.#grantsOf(user, namespace)) {
      if (!rules)
        problems.add(`${roleRef.kind.toLowerCase()}.rbac.authorization.k8s.io "${roleRef.name}" not found`);
      else if (rules.some((rule) => ruleAllows(rule, attributes))) {
        return { allowed: true, reason: `RBAC: allowed by ${text}` };
      }
    }
    return { allowed: false, reason: problemsText([...problems]) };
  }

  /** All that a user may do in a namespace; undefined: at the cluster scope. */
  rulesOf(user: User, namespace?: string): PolicyRule[] {
    return [...this.#grantsOf(user, namespace)].flatMap(({ rules }) => rules ?? []);
  }

  /** The rules of the role that a binding names; undefined when it does not exist. */
  roleRules(
    { kind, name }: Pick<RoleRef, 'kind' | 'name'>,
    namespace?: string,
  ): readonly PolicyRule[] | undefined {
    return this.#roles.get(kind === 'Role' ? roleKey(name, namespace) : roleKey(name));
  }

  *#grantsOf(user: User, namespace: string | undefined): Iterable<Grant> {
    const keys = [userKey(user.name), ...user.groups.map(groupKey)];
    for (const where of namespace ? [undefined, namespace] : [undefined]) {
      for (const key of keys) yield* this.#grants.get(grantKey(where, key)) ?? [];
    }
  }

  #add(
    kind: string,
    { metadata, roleRef, subjects }: RoleBinding | ClusterRoleBinding,
    namespace?: string,
  ): void {
    const name = namespace === undefined ? metadata?.name : `${metadata?.name}/${namespace}`;
    const what = `${kind} "${name}" of ${roleRef.kind} "${roleRef.name}"`;
    const rules = this.roleRules(roleRef, namespace);
    for (const subject of subjects ?? []) {
      const { key, text } = describeSubject(subject, namespace);
      const full = grantKey(namespace, key);
      const grants = this.#grants.get(full) ?? [];
      grants.push({ rules, roleRef, text: `${what} to ${text}` });
      this.#grants.set(full, grants);
    }
  }
}

function describeSubject(
  subject: Subject,
  bindingNamespace: string | undefined,
): { key: string; text: string } {
  const { kind, name, namespace = bindingNamespace } = subject;
  if (kind === 'Group') return { key: groupKey(name), text: `Group "${name}"` };
  if (kind === 'User') return { key: userKey(name), text: `User "${name}"` };
  return {
    key: userKey(`system:serviceaccount:${namespace}:${name}`),
    text: `ServiceAccount "${name}/${namespace}"`,
  };
}

const userKey = (name: string) => `user:${name}`;
const groupKey = (name: string) => `group:${name}`;
/** By where a grant holds, and to whom it is made; no namespace: everywhere. */
const grantKey = (namespace: string | undefined, subject: string) => `${namespace ?? ''}/${subject}`;
const roleKey = (name = '', namespace?: string) => (namespace === undefined ? name : `${namespace}/${name}`);

function problemsText(problems: readonly string[]): string {
  if (problems.length === 0) return '';
  return `RBAC: ${problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`}`;
}
