import type { PersistentVolume, PersistentVolumeClaim, Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import type { PriorityClass } from 'kubernetes-types/scheduling/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import { type Admission, is, keyOf, type ObjectTarget, type Target } from '../rest/core.ts';
import { invalid } from '../status.ts';
import type { Store } from '../store/index.ts';
import { parseAddressRange } from './addresses.ts';
import { completeClaim, completeVolume, refuseExpansion } from './claims.ts';
import { limitClaim, limitPod } from './limit-ranges.ts';
import { checkImmortal, checkNamespace } from './namespaces.ts';
import { completePod, keepPod } from './pods.ts';
import { refuseSecondDefault, resolvePriority } from './priorities.ts';
import { ServiceAddresses } from './services.ts';

export { SYSTEM_NAMESPACES } from './namespaces.ts';

/** The admission rules of the built-in kinds. */
export class BuiltinAdmission implements Admission {
  readonly #store: Store;
  readonly #addresses: ServiceAddresses;

  /** @param serviceCidr where cluster IPs come from */
  constructor(store: Store, serviceCidr: string) {
    this.#store = store;
    this.#addresses = new ServiceAddresses(store, parseAddressRange(serviceCidr));
  }

  admitCreate(target: Target, object: KubeObject): KubeObject {
    checkNamespace(this.#store, target, object.metadata?.name ?? '');
    if (is(target.kind, '', 'pods')) {
      const named = { ...target, name: object.metadata?.name ?? '' };
      return limitPod(this.#store, named, completePod(resolvePriority(this.#store, named, object as Pod)));
    }
    this.#checkDefaultClass({ ...target, name: object.metadata?.name ?? '' }, object);
    if (is(target.kind, '', 'services')) return this.#completeService(target, object as Service);
    if (is(target.kind, '', 'persistentvolumeclaims')) {
      limitClaim(
        this.#store,
        { ...target, name: object.metadata?.name ?? '' },
        object as PersistentVolumeClaim,
      );
      return completeClaim(this.#store, object as PersistentVolumeClaim);
    }
    if (is(target.kind, '', 'persistentvolumes')) return completeVolume(object as PersistentVolume);
    return object;
  }

  admitUpdate(target: ObjectTarget, next: KubeObject, live: KubeObject): KubeObject {
    this.#checkDefaultClass(target, next);
    if (is(target.kind, '', 'pods') && !target.subresource) return keepPod(next as Pod, live as Pod);
    if (is(target.kind, '', 'persistentvolumeclaims') && !target.subresource) {
      limitClaim(this.#store, target, next as PersistentVolumeClaim);
      refuseExpansion(this.#store, target, next as PersistentVolumeClaim, live as PersistentVolumeClaim);
    }
    if (!is(target.kind, '', 'services') || target.subresource) return next;
    return this.#completeService(target, next as Service, live as Service);
  }

  admitDelete(target: ObjectTarget): void {
    checkImmortal(target);
  }

  settle(target: Target, name: string): void {
    if (is(target.kind, '', 'services')) this.#addresses.settle(keyOf(target.kind, target.namespace, name));
  }

  #checkDefaultClass(target: ObjectTarget, object: KubeObject): void {
    if (!is(target.kind, 'scheduling.k8s.io', 'priorityclasses')) return;
    refuseSecondDefault(this.#store, target, object as PriorityClass);
  }

  #completeService({ kind, namespace }: Target, service: Service, live?: Service): Service {
    const name = service.metadata?.name ?? '';
    const { service: complete, errors } = this.#addresses.complete(
      keyOf(kind, namespace, name),
      service,
      live,
    );
    if (errors.length > 0) throw invalid(kind, name, errors);
    return complete;
  }
}
