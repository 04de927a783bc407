import { controllerOf, type KubeObject } from '../../../api/index.ts';
import type { Informer } from '../../../kube/index.ts';

const ORPHANS = 'without-controller';

/** Objects that no controller owns can then be found without looking through all. */
export function watchOrphans<T extends KubeObject>(informer: Informer<T>): void {
  informer.addIndex(ORPHANS, (object) => (controllerOf(object) ? [] : [object.metadata?.namespace ?? '']));
}

/** Those of a namespace that could be adopted. */
export function orphansIn<T extends KubeObject>(
  informer: Informer<T>,
  namespace: string | undefined,
): readonly T[] {
  return informer.by(ORPHANS, namespace ?? '').filter((object) => !object.metadata?.deletionTimestamp);
}
