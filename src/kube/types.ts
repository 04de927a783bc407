import type { KubeObject, ObjectRef, ResourceType } from '../api/index.ts';

/** Selects among objects of one type. */
export interface ListFilter {
  /** Undefined: all namespaces. */
  namespace?: string | undefined;
  /** Kubernetes label selector in its string form, e.g. `app=x,tier in (a,b)`. */
  labelSelector?: string | undefined;
  /** Kubernetes field selector in its string form, e.g. `metadata.name=x`. */
  fieldSelector?: string | undefined;
  /** Only apiVersion, kind and metadata of each object are asked for; the rest is not sent. */
  metadataOnly?: boolean | undefined;
}

/**
 * Reads from caches: synchronous, and perhaps a little behind the API server. Objects are shared: never change them.
 * The informers implement it; in tests and in the simulator a model does.
 */
export interface Reader {
  get<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined;
  /** All objects of the type, or of one namespace. */
  list<T extends KubeObject>(type: ResourceType<T>, namespace?: string): readonly T[];
  /** Objects with an owner reference (controller or not) to this uid; answered from an index. */
  ownedBy<T extends KubeObject>(type: ResourceType<T>, uid: string): readonly T[];
}

export type PatchType = 'merge' | 'json' | 'strategic' | 'apply';

export interface WriteOptions {
  subresource?: string;
  /** For `apply`: who applies; also recorded in managedFields otherwise. */
  fieldManager?: string;
  /** For `apply`: take fields from other managers. */
  force?: boolean;
  dryRun?: boolean;
  signal?: AbortSignal;
}

export interface DeleteOptions {
  uid?: string | undefined;
  resourceVersion?: string | undefined;
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
}

/** Writes to the API server. Every failure is an ApiError. */
export interface Writer {
  create<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  /** PUT; with `metadata.resourceVersion` set it is refused (409) when the object has changed since. */
  update<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(
    ref: ObjectRef<T>,
    patchType: PatchType,
    body: unknown,
    options?: WriteOptions,
  ): Promise<T>;
  /** Succeeds when the object is already gone, unless a precondition is given and fails. */
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  /** POST to the eviction subresource. False: refused by a disruption budget (429). */
  evict(ref: ObjectRef, options?: { uid?: string | undefined }): Promise<boolean>;
}

export interface ObjectList<T> {
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: T[];
}

export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | {
      type: 'BOOKMARK';
      object: { metadata: { resourceVersion: string; annotations?: Record<string, string> } };
    };

/** Talks to one API server. Never retries writes; a read is retried on 429 with Retry-After. */
export interface KubeClient extends Writer {
  get<T extends KubeObject>(ref: ObjectRef<T>): Promise<T>;
  list<T extends KubeObject>(
    type: ResourceType<T>,
    filter?: ListFilter & { limit?: number; continue?: string; resourceVersion?: string },
  ): Promise<ObjectList<T>>;
  /** Streams changes until the signal aborts or the server ends it; a 410 is thrown as an ApiError (`isGone`). */
  watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: ListFilter & { resourceVersion?: string; signal?: AbortSignal },
  ): AsyncIterable<WatchEvent<T>>;
  /** Any other path, e.g. logs or `/version`; the body as a stream. Not ok: throws an ApiError. */
  request(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal },
  ): Promise<Response>;
}

/** A Status answer of the API server, or a failure to reach it (code 0). */
export class ApiError extends Error {
  override name = 'ApiError';
  /** HTTP status; 0 when the server could not be reached. */
  readonly code: number;
  /** Kubernetes' reason, e.g. `NotFound`, `Conflict`, `AlreadyExists`, `Invalid`. */
  readonly reason: string;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: number,
    reason: string,
    message: string,
    details?: Record<string, unknown>,
    cause?: unknown,
  ) {
    super(message, { cause });
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

const withReason = (reason: string, code: number) => (error: unknown) =>
  error instanceof ApiError && (error.reason ? error.reason === reason : error.code === code);

export const isNotFound = withReason('NotFound', 404);
export const isConflict = withReason('Conflict', 409);
export const isAlreadyExists = withReason('AlreadyExists', 409);
export const isGone = (error: unknown) => error instanceof ApiError && error.code === 410;
export const isForbidden = withReason('Forbidden', 403);
