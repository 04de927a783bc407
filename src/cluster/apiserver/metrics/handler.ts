import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { ApiContext } from '../http/context.ts';
import type { Exchange } from '../http/exchange.ts';
import { negotiate } from '../http/negotiate.ts';
import { viewList, viewObject } from '../http/views.ts';
import type { Kind } from '../kinds/kind.ts';
import { apiVersionOfKind, present, type Target } from '../rest/core.ts';
import { parseSelectors } from '../rest/selectors.ts';
import { methodNotAllowed, notFound } from '../status.ts';
import { metricsKinds, podMetrics } from './kinds.ts';
import { Summaries } from './summaries.ts';
import { nodeMetricsOf, podMetricsOf } from './usage.ts';

const PODS = { group: '', plural: 'pods', kind: 'Pod' };
const NODES = { group: '', plural: 'nodes', kind: 'Node' };

export const isMetricsKind = (kind: Kind): boolean => metricsKinds.includes(kind);

/** Answers GET of `metrics.k8s.io`. */
export class MetricsApi {
  readonly #context: ApiContext;
  readonly #summaries: Summaries;

  constructor(context: ApiContext) {
    this.#context = context;
    this.#summaries = new Summaries(context);
  }

  /** @throws StatusError 404 for what is not measured, 405 for anything but GET */
  async serve(exchange: Exchange, { kind, namespace, name, subresource }: Target): Promise<void> {
    const isRead = exchange.method === 'GET' || exchange.method === 'HEAD';
    const isWatch = ['true', '1'].includes(exchange.query.get('watch') ?? '');
    if (!isRead || isWatch || subresource !== undefined) throw methodNotAllowed();
    const view = { accepted: negotiate(exchange.header('accept')), now: this.#context.clock() };
    const objects = kind === podMetrics ? await this.#pods(namespace) : await this.#nodes();
    if (name === undefined) {
      const matches = parseSelectors(kind, exchange.query);
      const items = objects
        .filter((object) => matches?.(object) ?? true)
        .map((object) => present(kind, object));
      const list = { kind: kind.listKind, apiVersion: apiVersionOfKind(kind), metadata: {}, items };
      exchange.sendValue(200, viewList(kind, list, false, view), view.accepted.format);
      return;
    }
    const found = objects.find(({ metadata }) => metadata?.name === name);
    if (!found) throw this.#missing(kind, namespace, name);
    exchange.sendValue(200, viewObject(kind, present(kind, found), view), view.accepted.format);
  }

  async #pods(namespace: string | undefined): Promise<KubeObject[]> {
    const now = this.#context.clock();
    const pods = this.#context.store.resource('/pods');
    const objects = (await this.#summaries.all()).flatMap(({ summary }) =>
      (summary.pods ?? []).flatMap((stats) => {
        const { name, namespace: own, uid } = stats.podRef;
        if (namespace !== undefined && own !== namespace) return [];
        const pod = pods.get(`${own}/${name}`)?.object as Pod | undefined;
        if (!pod || (uid && pod.metadata?.uid !== uid)) return [];
        return podMetricsOf(pod, stats, now) ?? [];
      }),
    );
    return objects.sort(byName);
  }

  async #nodes(): Promise<KubeObject[]> {
    const now = this.#context.clock();
    const summaries = await this.#summaries.all();
    return summaries.flatMap(({ node, summary }) => nodeMetricsOf(node, summary, now) ?? []).sort(byName);
  }

  /** As metrics-server says it: of what does not exist, and of what has not been measured. */
  #missing(kind: Kind, namespace: string | undefined, name: string) {
    const { store } = this.#context;
    const [of, key] = kind === podMetrics ? [PODS, `${namespace}/${name}`] : [NODES, name];
    if (!store.resource(`/${of.plural}`).get(key)) return notFound(of, key);
    return notFound({ ...kind, plural: kind.kind.toLowerCase() }, key);
  }
}

function byName(a: KubeObject, b: KubeObject): number {
  const key = ({ metadata }: KubeObject) => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
  return key(a) < key(b) ? -1 : 1;
}
