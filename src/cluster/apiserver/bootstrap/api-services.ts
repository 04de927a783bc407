import type { Logger } from 'pino';
import { formatTime, type KubeObject } from '../../../api/index.ts';
import { discover, GROUP_PRIORITIES, OTHER_GROUPS_PRIORITY } from '../discovery/index.ts';
import type { APIService } from '../kinds/api-services.ts';
import type { Kind } from '../kinds/kind.ts';
import { type Core, locate } from '../rest/core.ts';
import { deleteObject } from '../rest/delete.ts';
import { modifyObject } from '../rest/update.ts';
import { installMissing, OWN_WRITE } from './install.ts';

const GROUP = 'apiregistration.k8s.io';
const MANAGED_LABEL = 'kube-aggregator.kubernetes.io/automanaged';

const VERSION_PRIORITIES: Readonly<Record<string, number>> = {
  'v1.': 1,
  'v2.autoscaling': 30,
  'v1.flowcontrol.apiserver.k8s.io': 21,
};
const OTHER_VERSIONS_PRIORITY = 100;

/** Keeps an APIService for each group and version that is served. */
export class LocalApiServices {
  readonly #core: Core;
  readonly #log: Logger;
  readonly #unsubscribe: () => void;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(core: Core, log: Logger) {
    this.#core = core;
    this.#log = log;
    this.#unsubscribe = core.registry.subscribe(() => this.#follow());
    this.#follow();
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
  }

  #follow(): void {
    this.#work = this.#work
      .then(() => this.#update())
      .catch((err: unknown) => {
        // A server that stops writes nothing any more.
        if (!this.#stopped) this.#log.warn({ err }, 'the APIServices could not be brought up to date');
      });
  }

  async #update(): Promise<void> {
    if (this.#stopped) return;
    const { registry } = this.#core;
    const kind = registry.find(GROUP, 'v1', 'apiservices');
    if (!kind) return;
    const wanted = discover(registry)
      .flatMap(({ versions }) => versions)
      .filter(({ group }) => group !== GROUP);
    await Promise.all(wanted.map(({ group, version }) => this.#install(kind, group, version)));
    const names = new Set(wanted.map(({ group, version }) => `${version}.${group}`));
    for (const { key, object } of registry.resourceOf(kind).list()) {
      if (object.metadata?.labels?.[MANAGED_LABEL] !== 'true' || names.has(key)) continue;
      await deleteObject(this.#core, { kind, name: key }, { dryRun: false });
    }
  }

  async #install(kind: Kind, group: string, version: string): Promise<void> {
    const target = { kind, name: `${version}.${group}`, subresource: 'status' };
    const { resource, key } = locate(this.#core, target);
    const stored = this.#core.store.latest(resource, key)?.object as APIService | undefined;
    if (stored?.status?.conditions) return;
    await installMissing(this.#core, [GROUP, 'v1', 'apiservices'], apiService(group, version));
    const condition = {
      type: 'Available',
      status: 'True',
      lastTransitionTime: formatTime(this.#core.clock()),
      reason: 'Local',
      message: 'Local APIServices are always available',
    };
    const next = (live: KubeObject) => ({ ...live, status: { conditions: [condition] } }) as KubeObject;
    await modifyObject(this.#core, target, { options: OWN_WRITE, next });
  }
}

function apiService(group: string, version: string): APIService {
  const name = `${version}.${group}`;
  const own = GROUP_PRIORITIES[group];
  return {
    metadata: { name, labels: { [MANAGED_LABEL]: own === undefined ? 'true' : 'onstart' } },
    spec: {
      ...(group && { group }),
      version,
      groupPriorityMinimum: own ?? OTHER_GROUPS_PRIORITY,
      versionPriority: VERSION_PRIORITIES[name] ?? (own === undefined ? OTHER_VERSIONS_PRIORITY : 15),
    },
  } as APIService;
}
