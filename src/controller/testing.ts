import type { KubeObject, ResourceType } from '../api/index.ts';
import { ApiError, type KubeClient, type ListFilter, type WatchEvent } from '../kube/index.ts';
import type { Change, ModelStore } from '../simulation/index.ts';

/** A client of a model's store, in the place of one of an API server; it lists, watches and writes. */
export function modelClient(store: ModelStore): KubeClient {
  return {
    create: (type, object) => store.create(type, object),
    update: (type, object, options) => store.update(type, object, options),
    patch: (ref, patchType, body, options) => store.patch(ref, patchType, body, options),
    delete: (ref, options) => store.delete(ref, options),
    evict: (ref, options) => store.evict(ref, options),
    async get(ref) {
      const object = store.get(ref.type, ref.namespace, ref.name);
      if (!object) throw new ApiError(404, 'NotFound', `${ref.type.plural} "${ref.name}" not found`);
      return object;
    },
    async list(type, filter = {}) {
      const items = store.list(type, filter.namespace).filter((object) => selects(filter, object));
      return { metadata: { resourceVersion: String(store.revision) }, items: structuredClone(items) };
    },
    watch: (type, options) => watch(store, type, options),
    async request() {
      throw new ApiError(404, 'NotFound', 'the model has no such path');
    },
  };
}

async function* watch<T extends KubeObject>(
  store: ModelStore,
  type: ResourceType<T>,
  { signal, ...filter }: ListFilter & { signal?: AbortSignal },
): AsyncGenerator<WatchEvent<T>, void> {
  const changes: Change[] = [];
  let wake = () => {};
  const unsubscribe = store.subscribe((change) => {
    if (change.type.plural === type.plural && change.type.group === type.group) changes.push(change);
    wake();
  });
  signal?.addEventListener('abort', () => wake(), { once: true });
  try {
    while (!signal?.aborted) {
      for (const { before, after } of changes.splice(0)) {
        const was = before !== undefined && selects(filter, before);
        const is = after !== undefined && selects(filter, after);
        if (!was && !is) continue;
        const kind = is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED';
        yield { type: kind, object: structuredClone(is ? after : before) as T };
      }
      if (changes.length > 0 || signal?.aborted) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    unsubscribe();
  }
}

/** Namespace, and the selectors `a=b`, `a` and `!a`. */
function selects({ namespace, labelSelector = '' }: ListFilter, { metadata }: KubeObject): boolean {
  if (namespace && metadata?.namespace !== namespace) return false;
  return labelSelector
    .split(',')
    .filter(Boolean)
    .every((term) => {
      if (term.startsWith('!')) return metadata?.labels?.[term.slice(1)] === undefined;
      const [key = '', value] = term.split('=');
      const actual = metadata?.labels?.[key];
      return value === undefined ? actual !== undefined : actual === value;
    });
}
