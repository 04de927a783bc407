import type { Namespace } from 'kubernetes-types/core/v1.d.ts';
import { diffMergePatch, type KubeObject, Namespaces, type ResourceType } from '../../../api/index.ts';
import {
  collectionPath,
  isConflict,
  isNotFound,
  objectPath,
  splitKey,
  WorkQueue,
} from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import type { Discovery, ServedType } from '../discovery/discovery.ts';
import { decideNamespace, type NamespaceDecision, type NamespaceView } from './decide.ts';

/** The finalizer that this controller takes off. */
const FINALIZER = 'kubernetes';

export function startNamespaceController(context: Context, discovery: Discovery): Controller {
  const { client, informers, clock } = context;
  const log = context.log.child({ component: 'namespace-controller' });
  const namespaces = informers.informer(Namespaces);

  async function observe(namespace: Namespace): Promise<NamespaceView> {
    const contents: NamespaceView['contents'][number][] = [];
    const failures: NamespaceView['failures'][number][] = [];
    await Promise.all(
      (await contentTypes(discovery)).map(async (type) => {
        try {
          const name = namespace.metadata?.name;
          const { items } = await client.list(type, { namespace: name, metadataOnly: true });
          const finalizers = items.flatMap(({ metadata }) => metadata?.finalizers ?? []);
          contents.push({ type, count: items.length, finalizers });
        } catch (error) {
          // A kind that is no longer served has no objects left.
          if (!isNotFound(error)) failures.push({ type, message: messageOf(error) });
        }
      }),
    );
    return { namespace, contents, failures };
  }

  async function actOn(namespace: Namespace, decision: NamespaceDecision): Promise<void> {
    const name = namespace.metadata?.name ?? '';
    const patch = diffMergePatch(namespace.status, decision.status);
    if (patch) {
      await client.patch({ type: Namespaces, name }, 'merge', { status: patch }, { subresource: 'status' });
    }
    await Promise.all(decision.empty.map((type) => deleteAll(type, name)));
    if (decision.finalize) await finalize(namespace);
  }

  async function deleteAll(type: ResourceType, namespace: string): Promise<void> {
    try {
      const response = await client.request('DELETE', collectionPath(type, namespace), {
        body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
      });
      await response.body?.cancel();
    } catch (error) {
      // The next look at the namespace says that something is left, and tries again.
      log.warn({ namespace, err: error }, `cannot delete the ${type.plural} of a namespace`);
    }
  }

  async function finalize(namespace: Namespace): Promise<void> {
    const name = namespace.metadata?.name ?? '';
    const live = await client.get({ type: Namespaces, name });
    if (live.metadata?.uid !== namespace.metadata?.uid) return;
    const finalizers = (live.spec?.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
    const body: KubeObject = { ...live, spec: { ...live.spec, finalizers } } as KubeObject;
    const path = objectPath({ type: Namespaces, name }, 'finalize');
    const response = await client.request('PUT', path, { body });
    await response.body?.cancel();
  }

  const queue = new WorkQueue({
    concurrency: 3,
    backoff: { baseMs: 50, maxMs: 30_000 },
    async process(key) {
      const namespace = namespaces.get(undefined, splitKey(key).name);
      if (!namespace?.metadata?.deletionTimestamp || !namespace.spec?.finalizers?.includes(FINALIZER)) return;
      const now = clock();
      const decision = decideNamespace(await observe(namespace), now);
      await actOn(namespace, decision);
      return { requeueAfterMs: decision.wakeAt === undefined ? undefined : decision.wakeAt - now };
    },
    onError(key, error) {
      const level = isConflict(error) || isNotFound(error) ? 'debug' : 'warn';
      log[level]({ namespace: key, err: error }, 'cannot finish the deletion of a namespace');
    },
  });

  const enqueue = ({ metadata }: Namespace) => {
    if (metadata?.deletionTimestamp && metadata.name) queue.add(metadata.name);
  };
  const unsubscribe = namespaces.subscribe({ added: enqueue, updated: (_old, next) => enqueue(next) });
  return {
    async stop() {
      unsubscribe();
      await queue.stop();
    },
  };
}

/** Types whose objects go with their namespace. Events go by themselves last, but they must be gone too. */
async function contentTypes(discovery: Discovery): Promise<ServedType[]> {
  const types = await discovery.types();
  return types.filter(
    ({ namespaced, verbs, group }) =>
      namespaced &&
      verbs.includes('list') &&
      (verbs.includes('deletecollection') || verbs.includes('delete')) &&
      // The same objects as the Events of the core group.
      group !== 'events.k8s.io',
  );
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
