import type { ClusterRole, ClusterRoleBinding } from 'kubernetes-types/rbac/v1.d.ts';
import type { Logger } from 'pino';
import { equal, type KubeObject } from '../../../api/index.ts';
import { type Core, locate } from '../rest/core.ts';
import { createObject } from '../rest/create.ts';
import type { WriteOptions } from '../rest/options.ts';
import { modifyObject } from '../rest/update.ts';
import type { Resource } from '../store/index.ts';
import { aggregatedRules, withAggregatedRules } from './rbac/aggregate.ts';
import { bootstrapBindings, bootstrapRoles, RBAC_GROUP } from './rbac/bootstrap.ts';
import { completedBinding, completedRole } from './rbac/complete.ts';

const options: WriteOptions = {
  dryRun: false,
  fieldManager: 'kube-apiserver',
  fieldValidation: 'Strict',
  force: undefined,
};

/** Makes the bootstrap roles and bindings that are missing, and completes those that are there. */
export async function installBootstrapAccess(core: Core): Promise<void> {
  await Promise.all([
    ...withAggregatedRules(bootstrapRoles).map((role) => install(core, 'clusterroles', role, completedRole)),
    ...bootstrapBindings.map((binding) => install(core, 'clusterrolebindings', binding, completedBinding)),
  ]);
}

async function install<T extends ClusterRole | ClusterRoleBinding>(
  core: Core,
  plural: string,
  wanted: T,
  completed: (stored: T, wanted: T) => T | undefined,
): Promise<void> {
  const kind = core.registry.find(RBAC_GROUP, 'v1', plural);
  const name = wanted.metadata?.name ?? '';
  if (!kind) return;
  const { resource, key } = locate(core, { kind, name });
  if (!core.store.latest(resource, key)) {
    await createObject(core, { kind }, wanted, { options, custom: false, warn: () => {} });
    return;
  }
  const next = (live: KubeObject) => (completed(live as T, wanted) ?? live) as KubeObject;
  await modifyObject(core, { kind, name }, { options, next });
}

/** Keeps the rules of aggregated ClusterRoles equal to those of the roles that they are made of. */
export class RoleAggregation {
  readonly #core: Core;
  readonly #log: Logger;
  readonly #roles: Resource;
  readonly #unsubscribe: () => void;

  constructor(core: Core, log: Logger) {
    this.#core = core;
    this.#log = log;
    this.#roles = core.store.resource(`${RBAC_GROUP}/clusterroles`);
    this.#unsubscribe = this.#roles.subscribe(() => this.#follow());
    this.#follow();
  }

  stop(): void {
    this.#unsubscribe();
  }

  #follow(): void {
    const roles = this.#roles.list().map(({ object }) => object as ClusterRole);
    for (const role of roles) {
      if (!role.aggregationRule || equal(role.rules ?? [], aggregatedRules(role, roles))) continue;
      const name = role.metadata?.name ?? '';
      this.#update(name).catch((err: unknown) => {
        // Deleted meanwhile, or the next round writes it.
        this.#log.warn(
          { err, clusterRole: name },
          'an aggregated ClusterRole could not be brought up to date',
        );
      });
    }
  }

  async #update(name: string): Promise<void> {
    const kind = this.#core.registry.find(RBAC_GROUP, 'v1', 'clusterroles');
    if (!kind) return;
    const roles = this.#roles.list().map(({ object }) => object as ClusterRole);
    const next = (live: KubeObject) =>
      ({ ...live, rules: aggregatedRules(live as ClusterRole, roles) }) as KubeObject;
    await modifyObject(
      this.#core,
      { kind, name },
      { options: { ...options, fieldManager: 'clusterrole-aggregation-controller' }, next },
    );
  }
}
