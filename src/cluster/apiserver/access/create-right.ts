import type { KubeObject } from '../../../api/index.ts';
import type { Admission, Target } from '../rest/core.ts';
import { AdmissionStep } from './admission-step.ts';
import type { Authorizer } from './authorize.ts';
import type { User } from './users.ts';

/** Lets a PUT or an apply create what is missing only for those who may create it. */
export class CreateRight extends AdmissionStep {
  readonly #authorizer: Authorizer;
  readonly #user: User;

  /** @param user who makes the request */
  constructor(next: Admission, authorizer: Authorizer, user: User) {
    super(next);
    this.#authorizer = authorizer;
    this.#user = user;
  }

  override admitCreate(target: Target, object: KubeObject): KubeObject {
    const { kind, namespace, name } = target;
    const { group, plural: resource } = kind;
    this.#authorizer.authorize(this.#user, { verb: 'create', group, resource, namespace, name });
    return super.admitCreate(target, object);
  }
}
