import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { ApiContext } from '../http/context.ts';
import type { Exchange } from '../http/exchange.ts';
import { negotiate } from '../http/negotiate.ts';
import { viewList, viewObject } from '../http/views.ts';
import type { Kind } from '../kinds/kind.ts';
import { apiVersionOfKind, present, type Target } from '../rest/core.ts';
import { type Matches, parseSelectors } from '../rest/selectors.ts';
import { methodNotAllowed, notFound } from '../status.ts';
import { metricsKinds, podMetrics } from './kinds.ts';
import { type Answers, Summaries } from './summaries.ts';
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
    if (name === undefined) {
      const matches = parseSelectors(kind, exchange.query) ?? (() => true);
      const objects = await this.#measured(kind, namespace, matches);
      const items = objects.map((object) => present(kind, object));
      const list = { kind: kind.listKind, apiVersion: apiVersionOfKind(kind), metadata: {}, items };
      exchange.sendValue(200, viewList(kind, list, false, view), view.accepted.format);
      return;
    }
    const [found] = await this.#measured(kind, namespace, ({ metadata }) => metadata?.name === name);
    if (!found) throw this.#missing(kind, namespace, name);
    exchange.sendValue(200, viewObject(kind, present(kind, found), view), view.accepted.format);
  }

  /** In the order of their names. `matches` is asked of the pods and nodes themselves, which have the same labels. */
  async #measured(kind: Kind, namespace: string | undefined, matches: Matches): Promise<KubeObject[]> {
    const answers = await this.#summaries.all();
    const objects =
      kind === podMetrics
        ? this.#pods(answers, namespace, matches)
        : answers.nodes
            .filter(({ node }) => matches(node))
            .map(({ node, summary }) => nodeMetricsOf(node, summary, this.#context.clock()));
    return objects.filter((object) => object !== undefined).sort(byName);
  }

  #pods({ pods }: Answers, namespace: string | undefined, matches: Matches) {
    const now = this.#context.clock();
    const known = this.#context.store.resource('/pods');
    const stats = namespace === undefined ? [...pods.values()].flat() : (pods.get(namespace) ?? []);
    return stats.map((each) => {
      const { name, namespace: own, uid } = each.podRef;
      const pod = known.get(`${own}/${name}`)?.object as Pod | undefined;
      if (!pod || (uid && pod.metadata?.uid !== uid) || !matches(pod)) return undefined;
      return podMetricsOf(pod, each, now);
    });
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
