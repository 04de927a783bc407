import {
  AnalysisRuns,
  AnalysisTemplates,
  ClusterAnalysisTemplates,
  Experiments,
  INSTANCE_ID_LABEL,
  type KubeObject,
  POD_TEMPLATE_HASH_LABEL,
  Pods,
  ReplicaSets,
  type ResourceType,
  Rollouts,
} from '../api/index.ts';
import type { Informer, Informers, ListFilter } from '../kube/index.ts';
import type { Index, IndexedReader } from './indexes.ts';

/** Which objects a controller works on. */
export interface Scope {
  /** Undefined: all namespaces. */
  namespace?: string | undefined;
  /** Only objects with this label value; undefined or empty: only objects without the label (OPS-016). */
  instanceId?: string | undefined;
  /** Whether other parts of the process watch the built-in types anyway: one unfiltered watch then serves all. */
  shared: boolean;
}

const ownTypes: readonly ResourceType[] = [
  Rollouts,
  Experiments,
  AnalysisRuns,
  AnalysisTemplates,
  ClusterAnalysisTemplates,
];
const labelledTypes: readonly ResourceType[] = [ReplicaSets, Pods];

/** What to ask the server for (OPS 6.1): as little as the scope allows. */
export function filterOf(type: ResourceType, { namespace, instanceId, shared }: Scope): ListFilter {
  const scope = type.namespaced && namespace ? { namespace } : {};
  if (ownTypes.includes(type)) {
    const labelSelector = instanceId ? `${INSTANCE_ID_LABEL}=${instanceId}` : `!${INSTANCE_ID_LABEL}`;
    return { ...scope, labelSelector };
  }
  if (shared) return {};
  return labelledTypes.includes(type) ? { ...scope, labelSelector: POD_TEMPLATE_HASH_LABEL } : scope;
}

/** The informers of a scope, as the reader that the reconcilers observe through. */
export class InformerCache implements IndexedReader {
  readonly #informers: Informers;
  readonly #scope: Scope;

  constructor(informers: Informers, scope: Scope) {
    this.#informers = informers;
    this.#scope = scope;
  }

  informer<T extends KubeObject>(type: ResourceType<T>): Informer<T> {
    return this.#informers.informer(type, filterOf(type, this.#scope));
  }

  /** Limited to a namespace, a controller reads nothing of the cluster (OPS-013). */
  covers(type: ResourceType): boolean {
    return type.namespaced || !this.#scope.namespace;
  }

  get<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.covers(type) ? this.informer(type).get(namespace, name) : undefined;
  }

  list<T extends KubeObject>(type: ResourceType<T>, namespace?: string): readonly T[] {
    return this.covers(type) ? this.informer(type).list(namespace) : [];
  }

  ownedBy<T extends KubeObject>(type: ResourceType<T>, uid: string): readonly T[] {
    return this.informer(type).ownedBy(uid);
  }

  by<T extends KubeObject>(index: Index<T>, key: string): readonly T[] {
    const informer = this.informer(index.type);
    // The informer may be shared with others, who have indexes of their own.
    const name = `controller/${index.name}`;
    informer.addIndex(name, index.keys);
    return informer.by(name, key);
  }
}
