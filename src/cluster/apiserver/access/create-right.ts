import type { KubeObject } from '../../../api/index.ts';
import type { Admission, ObjectTarget, Target } from '../rest/core.ts';
import type { Authorizer } from './authorize.ts';
import type { User } from './users.ts';

/** Lets a PUT or an apply create what is missing only for those who may create it. */
export class CreateRight implements Admission {
  readonly #inner: Admission;
  readonly #authorizer: Authorizer;
  readonly #user: User;

  /** @param user who makes the request */
  constructor(inner: Admission, authorizer: Authorizer, user: User) {
    this.#inner = inner;
    this.#authorizer = authorizer;
    this.#user = user;
  }

  admitCreate(target: Target, object: KubeObject): KubeObject {
    const { kind, namespace, name } = target;
    const { group, plural: resource } = kind;
    this.#authorizer.authorize(this.#user, { verb: 'create', group, resource, namespace, name });
    return this.#inner.admitCreate(target, object);
  }

  admitUpdate(target: ObjectTarget, next: KubeObject, live: KubeObject): KubeObject {
    return this.#inner.admitUpdate(target, next, live);
  }

  admitDelete(target: ObjectTarget): void {
    this.#inner.admitDelete(target);
  }

  settle(target: Target, name: string): void {
    this.#inner.settle(target, name);
  }
}
