import type { Namespace } from 'kubernetes-types/core/v1.d.ts';
import { is, NAMESPACES, type ObjectTarget, type Target } from '../rest/core.ts';
import { forbidden, notFound } from '../status.ts';
import type { Store } from '../store/index.ts';

/** Namespaces that are made at start and cannot be deleted. */
export const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);

/** Nothing is created in a namespace that is missing or being deleted. @throws StatusError 403 or 404 */
export function checkNamespace(store: Store, { kind, namespace }: Target, name: string): void {
  if (!kind.namespaced) return;
  const entry = store.latest(store.resource('/namespaces'), namespace ?? '');
  if (!entry) throw notFound(NAMESPACES, namespace ?? '');
  const { metadata, status } = entry.object as Namespace;
  if (!metadata?.deletionTimestamp && status?.phase !== 'Terminating') return;
  throw forbidden(
    kind,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  );
}

/** @throws StatusError 403 for the namespaces that must stay */
export function checkImmortal({ kind, name }: ObjectTarget): void {
  if (is(kind, '', 'namespaces') && IMMORTAL.has(name)) {
    throw forbidden(kind, name, 'this namespace may not be deleted');
  }
}
