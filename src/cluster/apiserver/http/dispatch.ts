import type { KubeObject } from '../../../api/index.ts';
import { isPath, requestAttributes } from '../access/attributes.ts';
import { isMaster } from '../access/authorize.ts';
import { CERTIFICATES_GROUP, CertificateRequests } from '../access/certificate-requests.ts';
import { CreateRight } from '../access/create-right.ts';
import { GrantChecks } from '../access/grants.ts';
import { RBAC_GROUP } from '../access/rbac/bootstrap.ts';
import { Discovery } from '../discovery/index.ts';
import type { Kind } from '../kinds/kind.ts';
import { isMetricsKind, MetricsApi } from '../metrics/index.ts';
import { checkScope, type Judges, type Target } from '../rest/core.ts';
import { applyAllDefaults } from '../rest/decode.ts';
import { answerReview, findReview } from '../reviews/index.ts';
import { prune } from '../schema/index.ts';
import { methodNotAllowed, notFound, unknownResource } from '../status.ts';
import { subresourceHandlers, webhookOrigin } from '../subresources/index.ts';
import { AdmissionPolicies, Webhooks } from '../webhooks/index.ts';
import type { ApiContext } from './context.ts';
import { checkTimeout } from './deadline.ts';
import type { Exchange } from './exchange.ts';
import { type ApiPath, parseApiPath } from './request.ts';
import { RequestMetrics } from './request-metrics.ts';
import { serveCollection, serveObject, serveScale } from './verbs.ts';

/** What a webhook has made of an object, as if a client had sent it. */
function completed(kind: Kind, object: KubeObject): KubeObject {
  return applyAllDefaults(kind, prune(object, kind.schema).object as KubeObject);
}

/** Finds who answers a request. */
export class Dispatcher {
  readonly #context: ApiContext;
  readonly #discovery: Discovery;
  readonly #metrics: MetricsApi;
  readonly #requests: RequestMetrics;
  readonly #webhooks: Webhooks;
  readonly #policies: AdmissionPolicies;

  constructor(context: ApiContext) {
    this.#context = context;
    this.#discovery = new Discovery(context);
    this.#metrics = new MetricsApi(context);
    this.#requests = new RequestMetrics(context.registry);
    this.#policies = new AdmissionPolicies(context.store, context.registry);
    this.#webhooks = new Webhooks({
      store: context.store,
      originOf: (namespace, service, port) => webhookOrigin(context, namespace, service, port),
    });
  }

  /** @throws StatusError */
  async dispatch(exchange: Exchange): Promise<void> {
    const { pathname } = exchange.url;
    const path = parseApiPath(pathname);
    checkTimeout(exchange.query, path);
    const { authorizer } = this.#context;
    const attributes = requestAttributes(exchange.method, exchange.url, path);
    if (path && !isPath(attributes)) this.#requests.follow(exchange, attributes, path.version);
    authorizer.authorize(exchange.user, attributes);
    if (path?.plural !== undefined) {
      await this.#api(exchange, { ...path, plural: path.plural });
      return;
    }
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') throw methodNotAllowed();
    if (pathname === '/metrics') {
      exchange.send(200, this.#requests.contentType, await this.#requests.text());
      return;
    }
    if (this.#discovery.handle(exchange)) return;
    exchange.sendValue(pathname === '/' ? 200 : 404, { paths: this.#discovery.paths() });
  }

  async #api(exchange: Exchange, path: ApiPath & { plural: string }): Promise<void> {
    const { registry } = this.#context;
    const { group, version, plural, namespace, name, subresource } = path;
    const review = findReview(group, version, plural);
    if (review) {
      if (exchange.method !== 'POST' || name !== undefined) throw methodNotAllowed();
      await answerReview(this.#context, exchange, review, namespace);
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
      await serveCollection(this.#contextFor(exchange, target), exchange, target);
    } else if (kind.namespaced && namespace === undefined) {
      throw unknownResource();
    } else if (subresource === undefined || (subresource === 'status' && kind.subresources.status)) {
      await serveObject(this.#contextFor(exchange, target), exchange, { ...target, name });
    } else {
      await this.#subresource(exchange, { ...target, name });
    }
  }

  /** Some writes are judged by who makes them: those to roles and bindings, and those that create on the way. */
  #contextFor(exchange: Exchange, { kind }: Target): ApiContext {
    const { user, method } = exchange;
    let { admission } = this.#context;
    const { authorizer } = this.#context;
    if (kind.group === CERTIFICATES_GROUP) admission = new CertificateRequests(admission, user);
    const judges = this.#judgesFor(exchange);
    if (isMaster(user)) return { ...this.#context, admission, judges };
    if (kind.group === RBAC_GROUP) admission = new GrantChecks(admission, authorizer, user);
    if (method === 'PUT' || method === 'PATCH') admission = new CreateRight(admission, authorizer, user);
    return { ...this.#context, admission, judges };
  }

  /** The admission webhooks and policies, as far as there are any. */
  #judgesFor(exchange: Exchange): Judges | undefined {
    if (exchange.method === 'GET' || exchange.method === 'HEAD') return undefined;
    if (!this.#webhooks.any && !this.#policies.any) return undefined;
    const { user } = exchange;
    const warn = (text: string) => exchange.warn(text);
    return {
      mutate: (write) =>
        this.#webhooks.mutate({ ...write, user }, (object) => completed(write.target.kind, object), warn),
      validate: async (write) => {
        this.#policies.validate({ ...write, user }, warn);
        await this.#webhooks.validate({ ...write, user }, warn);
      },
    };
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
