import type { KubeObject, ResourceType } from '../api/index.ts';
import type { Reader } from '../kube/index.ts';

/** Identifies a resource type among the kinds of a model. */
export const typeKey = (type: ResourceType) => `${type.group}/${type.plural}`;

const objectKey = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`;

/** Objects by type, namespace and name; what both the model's store and its caches are made of. */
export class ObjectSet implements Reader {
  readonly #kinds = new Map<string, Map<string, KubeObject>>();

  get<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#kinds.get(typeKey(type))?.get(objectKey(namespace, name)) as T | undefined;
  }

  list<T extends KubeObject>(type: ResourceType<T>, namespace?: string): readonly T[] {
    const all = [...(this.#kinds.get(typeKey(type))?.values() ?? [])] as T[];
    return namespace === undefined ? all : all.filter((object) => object.metadata?.namespace === namespace);
  }

  ownedBy<T extends KubeObject>(type: ResourceType<T>, uid: string): readonly T[] {
    return this.list(type).filter((object) =>
      object.metadata?.ownerReferences?.some((owner) => owner.uid === uid),
    );
  }

  set(type: ResourceType, object: KubeObject): void {
    const key = typeKey(type);
    let kind = this.#kinds.get(key);
    if (!kind) {
      kind = new Map();
      this.#kinds.set(key, kind);
    }
    kind.set(objectKey(object.metadata?.namespace, object.metadata?.name ?? ''), object);
  }

  remove(type: ResourceType, object: KubeObject): void {
    this.#kinds
      .get(typeKey(type))
      ?.delete(objectKey(object.metadata?.namespace, object.metadata?.name ?? ''));
  }
}
