import { authorize } from '../access/authorize.ts';
import { Discovery } from '../discovery/index.ts';
import { isMetricsKind, MetricsApi } from '../metrics/index.ts';
import { checkScope, type Target } from '../rest/core.ts';
import { answerReview, findReview } from '../reviews/index.ts';
import { methodNotAllowed, notFound, unknownResource } from '../status.ts';
import { subresourceHandlers } from '../subresources/index.ts';
import type { ApiContext } from './context.ts';
import type { Exchange } from './exchange.ts';
import { type ApiPath, parseApiPath } from './request.ts';
import { serveCollection, serveObject, serveScale } from './verbs.ts';

/** Finds who answers a request. */
export class Dispatcher {
  readonly #context: ApiContext;
  readonly #discovery: Discovery;
  readonly #metrics: MetricsApi;

  constructor(context: ApiContext) {
    this.#context = context;
    this.#discovery = new Discovery(context);
    this.#metrics = new MetricsApi(context);
  }

  /** @throws StatusError */
  async dispatch(exchange: Exchange): Promise<void> {
    const { pathname } = exchange.url;
    const path = parseApiPath(pathname);
    authorize(exchange.user, verbOf(exchange, path), pathname, path);
    if (path?.plural !== undefined) {
      await this.#api(exchange, { ...path, plural: path.plural });
      return;
    }
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') throw methodNotAllowed();
    if (this.#discovery.handle(exchange)) return;
    exchange.sendValue(pathname === '/' ? 200 : 404, { paths: this.#discovery.paths() });
  }

  async #api(exchange: Exchange, path: ApiPath & { plural: string }): Promise<void> {
    const { registry } = this.#context;
    const { group, version, plural, namespace, name, subresource } = path;
    const review = findReview(group, version, plural);
    if (review) {
      if (exchange.method !== 'POST' || name !== undefined) throw methodNotAllowed();
      await answerReview(this.#context, exchange, review);
      return;
    }
    const kind = registry.find(group, version, plural);
    if (!kind) {
      const known = registry.groupVersion(group, version);
      if (known?.some((kind) => !registry.isCustom(kind))) throw unknownResource();
      exchange.send(404, 'text/plain; charset=utf-8', '404 page not found\n');
      return;
    }
    const target: Target = { kind, namespace, name, subresource };
    checkScope(target);
    if (isMetricsKind(kind)) {
      await this.#metrics.serve(exchange, target);
    } else if (name === undefined) {
      await serveCollection(this.#context, exchange, target);
    } else if (kind.namespaced && namespace === undefined) {
      throw methodNotAllowed();
    } else if (subresource === undefined || (subresource === 'status' && kind.subresources.status)) {
      await serveObject(this.#context, exchange, { ...target, name });
    } else {
      await this.#subresource(exchange, { ...target, name });
    }
  }

  async #subresource(exchange: Exchange, target: Target & { name: string }): Promise<void> {
    const { kind, subresource } = target;
    if (subresource === 'scale' && kind.subresources.scale) {
      await serveScale(this.#context, exchange, target, kind.subresources.scale);
      return;
    }
    const handler = subresourceHandlers.find(
      (known) =>
        known.group === kind.group && known.plural === kind.plural && known.subresource === subresource,
    );
    if (!handler) {
      throw this.#context.registry.isCustom(kind) ? notFound(kind, target.name) : unknownResource();
    }
    if (!(exchange.method in handler.methods)) throw methodNotAllowed();
    await handler.handle(this.#context, exchange, target);
  }
}

/** The verb of a request, as access rules name it. */
function verbOf({ method, query }: Exchange, path: ApiPath | undefined): string {
  if (!path?.plural) return method.toLowerCase();
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return path.name === undefined ? 'deletecollection' : 'delete';
    default: {
      const watching = ['true', '1'].includes(query.get('watch') ?? '');
      if (watching) return 'watch';
      return path.name === undefined ? 'list' : 'get';
    }
  }
}
