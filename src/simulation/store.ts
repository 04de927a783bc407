import type { OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import {
  apiVersionOf,
  equal,
  formatTime,
  type Instant,
  type KubeObject,
  mergePatch,
  type ObjectRef,
  type ResourceType,
} from '../api/index.ts';
import {
  ApiError,
  type DeleteOptions,
  type PatchType,
  type Reader,
  type WriteOptions,
  type Writer,
} from '../kube/index.ts';
import { ObjectSet, typeKey } from './objects.ts';

/** One change of the stored state, in order of its revision. */
export interface Change {
  readonly type: ResourceType;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
  readonly revision: number;
}

/** Types whose status is written through the status subresource only. */
const typesWithStatusSubresource = new Set([
  'argoproj.io/rollouts',
  'apps/replicasets',
  'apps/deployments',
  '/pods',
  '/services',
  'networking.k8s.io/ingresses',
]);

type Fields = Record<string, unknown>;

/**
 * An API server in memory: uids, resourceVersions, generations, merge patches, preconditions, the status subresource
 * and garbage collection by owner. It does not validate or default. Stored objects are frozen: a reader that changes
 * one fails.
 */
export class ModelStore implements Reader, Writer {
  readonly #objects = new ObjectSet();
  readonly #types = new Map<string, ResourceType>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #clock: () => Instant;
  #revision = 0;
  #uids = 0;
  /** Whether there may be something to collect. */
  #ownersChanged = false;

  constructor(clock: () => Instant) {
    this.#clock = clock;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Calls back on every change, synchronously and in order; the result unsubscribes. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Every stored object with its type. */
  *all(): Iterable<{ type: ResourceType; object: KubeObject }> {
    for (const type of this.#types.values()) {
      for (const object of this.#objects.list(type)) yield { type, object };
    }
  }

  get<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#objects.get(type, namespace, name);
  }

  list<T extends KubeObject>(type: ResourceType<T>, namespace?: string): readonly T[] {
    return this.#objects.list(type, namespace);
  }

  ownedBy<T extends KubeObject>(type: ResourceType<T>, uid: string): readonly T[] {
    return this.#objects.ownedBy(type, uid);
  }

  async create<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> {
    return this.put(type, object);
  }

  async update<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { namespace, name = '', resourceVersion } = object.metadata ?? {};
    const before = this.#existing({ type, namespace, name });
    checkPreconditions({ type, namespace, name }, before, { resourceVersion });
    return this.#replace(type, before, structuredClone(object), options.subresource);
  }

  async patch<T extends KubeObject>(
    ref: ObjectRef<T>,
    patchType: PatchType,
    body: unknown,
    options: WriteOptions = {},
  ): Promise<T> {
    if (patchType !== 'merge') {
      throw new ApiError(
        415,
        'UnsupportedMediaType',
        `the model applies merge patches only, not ${patchType}`,
      );
    }
    const before = this.#existing(ref);
    checkPreconditions(ref, before, (body as KubeObject).metadata ?? {});
    return this.#replace(ref.type, before, mergePatch(before, structuredClone(body)), options.subresource);
  }

  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const before = this.#objects.get(ref.type, ref.namespace, ref.name);
    if (!before) return;
    checkPreconditions(ref, before, options);
    if (options.propagationPolicy === 'Orphan') this.#orphanDependents(before);
    this.#commit(ref.type, before, undefined);
  }

  async evict(ref: ObjectRef, options: { uid?: string | undefined } = {}): Promise<boolean> {
    await this.delete(ref, options);
    return true;
  }

  /** Creates an object at once; what `create` does, for scripts and for the model's own controllers. */
  put<T extends KubeObject>(type: ResourceType<T>, object: T, { keepStatus = false } = {}): T {
    const { namespace, name = '' } = object.metadata ?? {};
    if (!name) throw new ApiError(422, 'Invalid', `${type.kind}.metadata.name: Required value`);
    if (this.#objects.get(type, namespace, name)) {
      throw new ApiError(409, 'AlreadyExists', `${resourceName(type)} "${name}" already exists`);
    }
    const { status, ...rest } = structuredClone(object) as T & Fields;
    const created = {
      ...rest,
      ...(status !== undefined && (keepStatus || !hasStatusSubresource(type)) ? { status } : {}),
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      metadata: {
        ...object.metadata,
        uid: this.#nextUid(),
        generation: 1,
        creationTimestamp: formatTime(this.#clock()),
      },
    } as unknown as T;
    return this.#commit(type, undefined, created);
  }

  /** Changes an object by merge patch at once; undefined when there is none. For scripts and the model's controllers. */
  change<T extends KubeObject>(ref: ObjectRef<T>, patch: unknown, subresource?: string): T | undefined {
    const before = this.#objects.get(ref.type, ref.namespace, ref.name);
    return before && this.#replace(ref.type, before, mergePatch(before, patch), subresource);
  }

  /** Deletes the objects whose owners are all gone, until there are none left. */
  collectGarbage(): void {
    if (!this.#ownersChanged) return;
    this.#ownersChanged = false;
    for (let removed = true; removed; ) {
      const uids = new Set([...this.all()].map(({ object }) => object.metadata?.uid));
      removed = false;
      for (const { type, object } of [...this.all()]) {
        const owners = object.metadata?.ownerReferences ?? [];
        if (owners.length === 0 || owners.some((owner) => uids.has(owner.uid))) continue;
        this.#commit(type, object, undefined);
        removed = true;
      }
    }
  }

  #existing<T extends KubeObject>(ref: ObjectRef<T>): T {
    const object = this.#objects.get(ref.type, ref.namespace, ref.name);
    if (!object) throw new ApiError(404, 'NotFound', `${resourceName(ref.type)} "${ref.name}" not found`);
    return object;
  }

  #replace<T extends KubeObject>(
    type: ResourceType<T>,
    before: T,
    wanted: T,
    subresource: string | undefined,
  ): T {
    const after = withSubresourceRules(type, before, wanted, subresource);
    const { uid, creationTimestamp, resourceVersion, generation = 0 } = before.metadata ?? {};
    const metadata = { ...after.metadata, uid, creationTimestamp, resourceVersion, generation };
    const next = { ...after, metadata } as T;
    if (equal(before, next)) return before;
    if (!equal(desiredState(type, before), desiredState(type, after))) metadata.generation = generation + 1;
    return this.#commit(type, before, next);
  }

  #commit<T extends KubeObject>(type: ResourceType<T>, before: T | undefined, after: T): T;
  #commit<T extends KubeObject>(type: ResourceType<T>, before: T | undefined, after: undefined): undefined;
  #commit<T extends KubeObject>(
    type: ResourceType<T>,
    before: T | undefined,
    after: T | undefined,
  ): T | undefined {
    this.#revision += 1;
    this.#types.set(typeKey(type), type);
    this.#ownersChanged ||= !after || before?.metadata?.ownerReferences !== after.metadata?.ownerReferences;
    const stored =
      after &&
      deepFreeze({ ...after, metadata: { ...after.metadata, resourceVersion: String(this.#revision) } } as T);
    if (stored) this.#objects.set(type, stored);
    else if (before) this.#objects.remove(type, before);
    for (const listener of [...this.#listeners]) {
      listener({ type, before, after: stored, revision: this.#revision });
    }
    return stored;
  }

  #orphanDependents(owner: KubeObject): void {
    for (const { type, object } of [...this.all()]) {
      const owners = object.metadata?.ownerReferences ?? [];
      const others = owners.filter((reference: OwnerReference) => reference.uid !== owner.metadata?.uid);
      if (others.length === owners.length) continue;
      this.#replace(
        type,
        object,
        { ...object, metadata: { ...object.metadata, ownerReferences: others } },
        undefined,
      );
    }
  }

  #nextUid(): string {
    this.#uids += 1;
    return `00000000-0000-4000-8000-${this.#uids.toString(16).padStart(12, '0')}`;
  }
}

const hasStatusSubresource = (type: ResourceType) => typesWithStatusSubresource.has(typeKey(type));

const resourceName = (type: ResourceType) => (type.group ? `${type.plural}.${type.group}` : type.plural);

function checkPreconditions(
  ref: ObjectRef,
  object: KubeObject,
  { uid, resourceVersion }: { uid?: string | undefined; resourceVersion?: string | undefined },
): void {
  const { uid: liveUid, resourceVersion: liveVersion } = object.metadata ?? {};
  const failed =
    (uid !== undefined && uid !== liveUid) ||
    (resourceVersion !== undefined && resourceVersion !== liveVersion);
  if (!failed) return;
  throw new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resourceName(ref.type)} "${ref.name}": the object has been modified; ` +
      'please apply your changes to the latest version and try again',
  );
}

/** A write to the status subresource changes the status only; any other write leaves it alone. */
function withSubresourceRules<T extends KubeObject>(
  type: ResourceType<T>,
  before: T,
  wanted: T,
  subresource: string | undefined,
): T {
  if (!hasStatusSubresource(type)) return wanted;
  const { status: oldStatus, ...oldRest } = before as T & Fields;
  const { status: newStatus, ...newRest } = wanted as T & Fields;
  const rest = subresource === 'status' ? oldRest : newRest;
  const status = subresource === 'status' ? newStatus : oldStatus;
  return (status === undefined ? rest : { ...rest, status }) as T;
}

/** What a change of raises the generation: all but metadata, and but the status where it has a subresource. */
function desiredState(type: ResourceType, object: KubeObject): Fields {
  const { metadata: _, ...fields } = object as KubeObject & Fields;
  if (hasStatusSubresource(type)) delete fields.status;
  return fields;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
