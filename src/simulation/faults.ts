import type { KubeObject, ObjectRef, ResourceType } from '../api/index.ts';
import {
  ApiError,
  type DeleteOptions,
  type PatchType,
  type WriteOptions,
  type Writer,
} from '../kube/index.ts';

export type FaultKind = 'crash-before' | 'crash-after' | 'conflict' | 'server-error' | 'timeout-applied';

/** What goes wrong, once, at the n-th write (from 1) of a controller over all its incarnations. */
export interface Fault {
  kind: FaultKind;
  write: number;
}

/** The controller's process is gone; whoever catches this must not go on. */
class SimulatedCrash extends Error {
  override name = 'SimulatedCrash';
}

/** Counts the writes of all incarnations of a controller, and lets one of them fail. */
export class FaultInjector {
  readonly #fault: Fault | undefined;
  #writes = 0;
  #fired = false;

  constructor(fault?: Fault) {
    this.#fault = fault;
  }

  /** How many writes were attempted so far. */
  get writes(): number {
    return this.#writes;
  }

  /** Whether the fault has happened. */
  get fired(): boolean {
    return this.#fired;
  }

  /** The fault of the write that is about to be made, if it is that one's turn. */
  next(): FaultKind | undefined {
    this.#writes += 1;
    if (this.#writes !== this.#fault?.write) return undefined;
    this.#fired = true;
    return this.#fault.kind;
  }
}

/** The writer of one incarnation: passes writes on to the store until its crash, and none after it. */
export class FaultyWriter implements Writer {
  readonly #inner: Writer;
  readonly #faults: FaultInjector;
  readonly #onWrite: (description: string) => void;
  #crashed = false;

  constructor(inner: Writer, faults: FaultInjector, onWrite: (description: string) => void = () => {}) {
    this.#inner = inner;
    this.#faults = faults;
    this.#onWrite = onWrite;
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  create<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T> {
    return this.#write(`create ${type.kind} ${object.metadata?.name}`, () =>
      this.#inner.create(type, object, options),
    );
  }

  update<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T> {
    return this.#write(`update ${type.kind} ${object.metadata?.name}`, () =>
      this.#inner.update(type, object, options),
    );
  }

  patch<T extends KubeObject>(
    ref: ObjectRef<T>,
    patchType: PatchType,
    body: unknown,
    options?: WriteOptions,
  ): Promise<T> {
    const what = options?.subresource ? `patch ${options.subresource} of` : 'patch';
    return this.#write(`${what} ${ref.type.kind} ${ref.name} ${JSON.stringify(body)}`, () =>
      this.#inner.patch(ref, patchType, body, options),
    );
  }

  delete(ref: ObjectRef, options?: DeleteOptions): Promise<void> {
    return this.#write(`delete ${ref.type.kind} ${ref.name}`, () => this.#inner.delete(ref, options));
  }

  evict(ref: ObjectRef, options?: { uid?: string | undefined }): Promise<boolean> {
    return this.#write(`evict ${ref.type.kind} ${ref.name}`, () => this.#inner.evict(ref, options));
  }

  async #write<T>(description: string, apply: () => Promise<T>): Promise<T> {
    if (this.#crashed) throw new SimulatedCrash('the controller has crashed');
    const fault = this.#faults.next();
    switch (fault) {
      case 'crash-before':
        this.#crashed = true;
        throw new SimulatedCrash(`crash before: ${description}`);
      case 'conflict':
        throw new ApiError(409, 'Conflict', `injected conflict: ${description}`);
      case 'server-error':
        throw new ApiError(500, 'InternalError', `injected server error: ${description}`);
      default: {
        this.#onWrite(description);
        const result = await apply();
        if (fault === 'crash-after') {
          this.#crashed = true;
          throw new SimulatedCrash(`crash after: ${description}`);
        }
        if (fault === 'timeout-applied') throw new ApiError(0, '', `injected timeout: ${description}`);
        return result;
      }
    }
  }
}
