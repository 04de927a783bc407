import type { Namespace } from 'kubernetes-types/core/v1.d.ts';
import { decodeBody } from '../http/body.ts';
import type { SubresourceHandler } from '../http/context.ts';
import { locate, present } from '../rest/core.ts';
import { isLeaving, withServerFields } from '../rest/update.ts';
import { modifiedConflict, notFound } from '../status.ts';

/** PUT `namespaces/<name>/finalize`: changes `spec.finalizers` alone; the last one gone, the namespace goes. */
export const namespaceFinalize: SubresourceHandler = {
  group: '',
  plural: 'namespaces',
  subresource: 'finalize',
  kind: { group: '', version: 'v1', kind: 'Namespace' },
  methods: { PUT: 'update' },
  async handle(context, exchange, target) {
    const { store } = context;
    const { kind, name } = target;
    const body = decodeBody(
      await exchange.body(),
      exchange.header('content-type'),
      kind.kind,
    ) as Namespace | null;
    const { resource, key } = locate(context, target);
    const entry = store.latest(resource, key);
    if (!entry) throw notFound(kind, name);
    const version = body?.metadata?.resourceVersion;
    if (version && version !== entry.object.metadata?.resourceVersion) throw modifiedConflict(kind, name);
    const finalizers = body?.spec?.finalizers ?? [];
    const live = present(kind, entry.object as Namespace);
    const sent = withServerFields({ ...live, metadata: { ...body?.metadata, name } }, live);
    const labelled = kind.strategy.defaults?.(sent) ?? sent;
    const spec = finalizers.length > 0 ? { finalizers } : {};
    const next = { ...labelled, spec, status: live.status } as Namespace;
    if (isLeaving(kind, next)) {
      await store.delete(resource, key, next);
      exchange.sendValue(200, next);
      return;
    }
    const { object } = await store.put(resource, key, next);
    exchange.sendValue(200, present(kind, object));
  },
};
