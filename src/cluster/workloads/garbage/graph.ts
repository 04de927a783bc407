import type { OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import type { KubeObject, ObjectRef } from '../../../api/index.ts';
import { type Informer, Informers, type KubeClient } from '../../../kube/index.ts';
import type { Context } from '../common/context.ts';
import type { ServedType } from '../discovery/discovery.ts';
import type { Item } from './decide.ts';

/** Told of each change of an object of any kind. */
export interface GraphHandler {
  added(item: Item): void;
  updated(old: KubeObject, item: Item): void;
  deleted(item: Item): void;
}

const METADATA = { metadataOnly: true };

/** The metadata of all objects of all kinds that can own or be owned, and who owns whom. */
export class Graph {
  readonly #informers: Informers;
  readonly #types = new Map<string, ServedType>();
  readonly #handler: GraphHandler;

  constructor({ client, log }: Pick<Context, 'client' | 'log'>, handler: GraphHandler) {
    // Informers of its own: it can drop them when a kind goes, which no other user of shared ones would survive.
    this.#informers = new Informers(client as KubeClient, { log });
    this.#handler = handler;
  }

  /** Follows the kinds that are served now. */
  async follow(types: readonly ServedType[]): Promise<void> {
    const served = new Map(types.filter(isCollectable).map((type) => [typeKey(type), type]));
    const gone = [...this.#types].filter(([key]) => !served.has(key));
    await Promise.all(
      gone.map(async ([key, type]) => {
        this.#types.delete(key);
        await this.#informers.drop(type, METADATA);
      }),
    );
    for (const [key, type] of served) {
      if (this.#types.has(key)) continue;
      this.#types.set(key, type);
      this.#informer(type).subscribe({
        added: (object) => this.#handler.added({ type, object }),
        updated: (old, object) => this.#handler.updated(old, { type, object }),
        deleted: (object) => this.#handler.deleted({ type, object }),
      });
    }
  }

  /** Whether all that is there is known. A kind that nobody may list, or that is gone, holds nothing up. */
  isComplete(): boolean {
    return Array.from(this.#types.values()).every((type) => {
      const informer = this.#informer(type);
      return informer.hasSynced() || [403, 404, 405].includes(informer.lastError?.code ?? 0);
    });
  }

  get({ type, namespace, name }: ObjectRef): Item | undefined {
    const served = this.#types.get(typeKey(type));
    const object = served && this.#informer(served).get(namespace, name);
    return object && { type: served, object };
  }

  dependentsOf(uid: string): Item[] {
    return Array.from(this.#types.values()).flatMap((type) =>
      this.#informer(type)
        .ownedBy(uid)
        .map((object) => ({ type, object })),
    );
  }

  /** Whether an owner is in another namespace than its dependent, which Kubernetes does not allow. */
  isElsewhere({ apiVersion, kind, name, uid }: OwnerReference, namespace: string | undefined): boolean {
    const [group] = splitApiVersion(apiVersion);
    const type = Array.from(this.#types.values()).find((each) => each.group === group && each.kind === kind);
    if (!type?.namespaced) return false;
    if (!namespace) return true;
    const has = ({ metadata }: KubeObject) => metadata?.name === name && metadata.uid === uid;
    return this.#informer(type)
      .list()
      .some((object) => has(object) && object.metadata?.namespace !== namespace);
  }

  /** Where an owner should be; undefined when its kind is not served, or cannot own from where it is. */
  locate(reference: OwnerReference, namespace: string | undefined): ObjectRef | undefined {
    const [group, version] = splitApiVersion(reference.apiVersion);
    for (const type of this.#types.values()) {
      if (type.group !== group || type.kind !== reference.kind) continue;
      if (type.namespaced && !namespace) return undefined;
      return {
        type: { ...type, version: version || type.version },
        namespace: type.namespaced ? namespace : undefined,
        name: reference.name,
      };
    }
    return undefined;
  }

  /** The type of a key that `typeKey` made. */
  type(key: string): ServedType | undefined {
    return this.#types.get(key);
  }

  stop(): Promise<void> {
    return this.#informers.stop();
  }

  #informer(type: ServedType): Informer {
    return this.#informers.informer(type, METADATA);
  }
}

/** Names a kind whatever its version. */
export const typeKey = ({ group, plural }: { group: string; plural: string }) => `${plural}.${group}`;

/** Events have no owners, and there are many. */
function isCollectable({ plural, group, verbs }: ServedType): boolean {
  const isEvent = plural === 'events' && (group === '' || group === 'events.k8s.io');
  return !isEvent && ['list', 'watch', 'delete'].every((verb) => verbs.includes(verb));
}

function splitApiVersion(apiVersion: string): [group: string, version: string] {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}
