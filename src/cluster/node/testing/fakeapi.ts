import { randomUUID } from 'node:crypto';
import {
  apiVersionOf,
  type KubeObject,
  mergePatch,
  type ObjectRef,
  type ResourceType,
} from '../../../api/index.ts';
import {
  ApiError,
  type DeleteOptions,
  type KubeClient,
  type ObjectList,
  type WatchEvent,
} from '../../../kube/index.ts';

type Listener = (event: WatchEvent<KubeObject>) => void;

/** An API server in memory, as much of one as the node agent and the informers ask for. */
export class FakeApi implements KubeClient {
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Map<string, Set<Listener>>();
  #version = 0;

  /** Called after each change. */
  onChange: (() => void) | undefined;

  objects<T extends KubeObject>(type: ResourceType<T>): T[] {
    return [...this.#of(type).values()] as T[];
  }

  find<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#of(type).get(`${namespace ?? ''}/${name}`) as T | undefined;
  }

  async get<T extends KubeObject>({ type, namespace, name }: ObjectRef<T>): Promise<T> {
    const object = this.find(type, namespace, name);
    if (!object) throw new ApiError(404, 'NotFound', `${type.plural} "${name}" not found`);
    return object;
  }

  async list<T extends KubeObject>(type: ResourceType<T>): Promise<ObjectList<T>> {
    return { metadata: { resourceVersion: String(this.#version) }, items: this.objects(type) };
  }

  async *watch<T extends KubeObject>(
    type: ResourceType<T>,
    { signal }: { signal?: AbortSignal },
  ): AsyncIterable<WatchEvent<T>> {
    const waiting: WatchEvent<T>[] = [];
    let wake: (() => void) | undefined;
    const listener: Listener = (event) => {
      waiting.push(event as WatchEvent<T>);
      wake?.();
    };
    const listeners = this.#listeners.get(type.plural) ?? new Set();
    this.#listeners.set(type.plural, listeners.add(listener));
    signal?.addEventListener('abort', () => wake?.());
    while (!signal?.aborted) {
      yield* waiting.splice(0);
      if (waiting.length === 0 && !signal?.aborted) await new Promise<void>((resolve) => (wake = resolve));
    }
    listeners.delete(listener);
  }

  async create<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> {
    const { namespace, name = '' } = object.metadata ?? {};
    if (this.find(type, namespace, name)) throw new ApiError(409, 'AlreadyExists', `${name} already exists`);
    const metadata = {
      uid: randomUUID(),
      creationTimestamp: new Date().toISOString(),
      ...object.metadata,
    };
    return this.#store(
      type,
      { apiVersion: apiVersionOf(type), kind: type.kind, ...object, metadata },
      'ADDED',
    );
  }

  async update<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> {
    return this.#store(type, object, 'MODIFIED');
  }

  async patch<T extends KubeObject>(ref: ObjectRef<T>, patchType: string, body: unknown): Promise<T> {
    const live = await this.get(ref);
    const { metadata } = body as KubeObject;
    if (metadata?.uid && metadata.uid !== live.metadata?.uid)
      throw new ApiError(409, 'Conflict', 'another uid');
    const next = mergePatch(live, body);
    if (patchType === 'strategic') mergeConditions(live, next);
    return this.#store(ref.type, next, 'MODIFIED');
  }

  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const live = this.find(ref.type, ref.namespace, ref.name);
    if (!live) return;
    if (options.uid && live.metadata?.uid !== options.uid) throw new ApiError(409, 'Conflict', 'another uid');
    const isBound = (live as { spec?: { nodeName?: string } }).spec?.nodeName !== undefined;
    const graceSeconds = options.gracePeriodSeconds ?? 30;
    if (ref.type.kind === 'Pod' && isBound && graceSeconds > 0) {
      const deletionTimestamp = new Date(Date.now() + graceSeconds * 1000).toISOString();
      const metadata = { ...live.metadata, deletionTimestamp, deletionGracePeriodSeconds: graceSeconds };
      await this.#store(ref.type, { ...live, metadata }, 'MODIFIED');
      return;
    }
    this.#of(ref.type).delete(`${ref.namespace ?? ''}/${ref.name}`);
    this.#tell(ref.type, { type: 'DELETED', object: live });
  }

  async evict(): Promise<boolean> {
    throw new Error('not part of the fake');
  }

  async request(): Promise<Response> {
    throw new Error('not part of the fake');
  }

  #of(type: ResourceType): Map<string, KubeObject> {
    const objects = this.#objects.get(type.plural) ?? new Map<string, KubeObject>();
    this.#objects.set(type.plural, objects);
    return objects;
  }

  #store<T extends KubeObject>(type: ResourceType<T>, object: T, change: 'ADDED' | 'MODIFIED'): T {
    this.#version += 1;
    const { namespace = '', name } = object.metadata ?? {};
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#of(type).set(`${namespace}/${name}`, stored);
    this.#tell(type, { type: change, object: stored });
    return stored;
  }

  #tell(type: ResourceType, event: WatchEvent<KubeObject>): void {
    for (const listener of this.#listeners.get(type.plural) ?? []) listener(event);
    this.onChange?.();
  }
}

interface WithConditions {
  status?: { conditions?: { type: string }[] };
}

function mergeConditions(live: KubeObject, next: KubeObject): void {
  const before = (live as WithConditions).status?.conditions ?? [];
  const { status } = next as WithConditions;
  const after = status?.conditions;
  if (!status || !after) return;
  const untouched = before.filter(({ type }) => !after.some((condition) => condition.type === type));
  status.conditions = [...untouched, ...after];
}
