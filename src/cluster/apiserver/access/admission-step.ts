import type { KubeObject } from '../../../api/index.ts';
import type { Admission, ObjectTarget, Target } from '../rest/core.ts';

/** A step before further admission; by itself it changes nothing and refuses nothing. */
export abstract class AdmissionStep implements Admission {
  readonly #next: Admission;

  constructor(next: Admission) {
    this.#next = next;
  }

  admitCreate(target: Target, object: KubeObject): KubeObject {
    return this.#next.admitCreate(target, object);
  }

  admitUpdate(target: ObjectTarget, next: KubeObject, live: KubeObject): KubeObject {
    return this.#next.admitUpdate(target, next, live);
  }

  admitDelete(target: ObjectTarget): void {
    this.#next.admitDelete(target);
  }

  settle(target: Target, name: string): void {
    this.#next.settle(target, name);
  }
}
