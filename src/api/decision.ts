import type { KubeObject, ObjectRef } from './resources.ts';
import type { Instant } from './time.ts';

/**
 * What a decide function returns: data, nothing done yet. Act carries it out; `explain`, the simulator and the tests
 * read it.
 */
export interface Decision<Status> {
  /** The whole new status; act patches the difference. Undefined leaves the status alone in this pass. */
  status?: Status;
  /** Carried out in order; the first that fails ends the pass, and the status is then not written. */
  effects: Effect[];
  /** Written after the effects and the status have succeeded. */
  events: EventRecord[];
  /** Why this and not the next thing. */
  because: Reason[];
  /** When time alone changes the answer: a pause ends, a delay runs out, a deadline passes. */
  wakeAt?: Instant;
}

/**
 * One write to the API. Every effect is idempotent: repeated after a crash it changes nothing, or is refused by its
 * precondition, and the next pass starts from a fresh view.
 */
export type Effect =
  | {
      kind: 'create';
      /** What for, as `scale up ReplicaSet x`; for logs, `explain` and tests. */
      what: string;
      ref: ObjectRef;
      /** Complete, with a deterministic name. AlreadyExists means that the view was stale: the pass ends. */
      object: KubeObject;
      /** Posted to a subresource of `ref` instead: the Binding of a pod. */
      subresource?: 'binding';
    }
  | {
      kind: 'patch';
      what: string;
      ref: ObjectRef;
      /** JSON merge patch. */
      patch: Record<string, unknown>;
      /** The version that the decision was made on; the write fails with a conflict if the object has moved on. */
      resourceVersion?: string | undefined;
      subresource?: 'status' | 'scale';
    }
  | {
      kind: 'delete';
      what: string;
      ref: ObjectRef;
      /** Precondition: only this incarnation. */
      uid?: string | undefined;
      propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
      /** Instead of the object's own; 0: nobody is left to wait for. */
      gracePeriodSeconds?: number;
    }
  | {
      /** Through the Eviction API, so that disruption budgets count; a refusal (429) is no failure. */
      kind: 'evict';
      what: string;
      ref: ObjectRef;
      uid?: string | undefined;
    };

/** An event to be recorded on the object that the decision is about, or on `about`. */
export interface EventRecord {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  about?: ObjectRef & { uid?: string };
  /** The part of the object that it is about, e.g. `spec.containers{main}`. */
  fieldPath?: string;
}

/** Why a decision is as it is. */
export interface Reason {
  /** Stable and machine-readable, e.g. `PauseRemaining`, `WaitingForReplicas`. */
  code: string;
  /** A sentence for people, with the numbers in it. */
  text: string;
}
