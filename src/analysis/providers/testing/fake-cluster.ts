import type { KubeObject, ObjectRef } from '../../../api/index.ts';
import { ApiError, type KubeClient } from '../../../kube/index.ts';

const key = ({ type, namespace, name }: ObjectRef) => `${type.plural}/${namespace}/${name}`;

/** As much of a cluster as providers use, in memory. */
export function fakeCluster() {
  const objects = new Map<string, KubeObject>();
  const deleted: { name: string; propagationPolicy: string | undefined }[] = [];
  const unsupported = () => {
    throw new Error('not part of the fake cluster');
  };
  const client: KubeClient = {
    async create(type, object) {
      const { name = '', namespace } = object.metadata ?? {};
      const at = key({ type, namespace, name });
      if (objects.has(at))
        throw new ApiError(409, 'AlreadyExists', `${type.plural} "${name}" already exists`);
      objects.set(at, object);
      return object;
    },
    async get<T extends KubeObject>(ref: ObjectRef<T>) {
      const found = objects.get(key(ref));
      if (!found) throw new ApiError(404, 'NotFound', `${ref.type.plural} "${ref.name}" not found`);
      return found as T;
    },
    async list<T extends KubeObject>(
      type: { plural: string },
      filter?: { labelSelector?: string | undefined },
    ) {
      const [label = '', value] = filter?.labelSelector?.split('=') ?? [];
      const items = [...objects.entries()]
        .filter(
          ([at, { metadata }]) => at.startsWith(`${type.plural}/`) && metadata?.labels?.[label] === value,
        )
        .map(([, object]) => object as T);
      return { metadata: { resourceVersion: '1' }, items };
    },
    async delete(ref, options) {
      objects.delete(key(ref));
      deleted.push({ name: ref.name, propagationPolicy: options?.propagationPolicy });
    },
    update: unsupported,
    patch: unsupported,
    evict: unsupported,
    watch: unsupported,
    request: unsupported,
  };
  const put = (ref: ObjectRef, object: KubeObject) => objects.set(key(ref), object);
  return { client, objects, deleted, put };
}
