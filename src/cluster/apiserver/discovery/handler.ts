import { createHash } from 'node:crypto';
import type { ApiContext } from '../http/context.ts';
import type { Exchange } from '../http/exchange.ts';
import { parseAccept } from '../http/negotiate.ts';
import { aggregated, apiGroup, apiGroupList, apiResourceList, apiVersions } from './documents.ts';
import { openApiPaths, openApiV2, openApiV3 } from './openapi.ts';
import { encodeOpenApiV2, OPENAPI_V2_PROTOBUF } from './openapi-protobuf.ts';
import { type DiscoveredGroup, discover } from './resources.ts';
import { VERSION } from './version.ts';

/** What the health endpoints look at; each has a path of its own. */
const HEALTH_CHECKS = ['ping', 'log', 'etcd'];

const AGGREGATED = 'APIGroupDiscoveryList';

/** Answers the paths that tell what the server is and serves; rebuilt when the served kinds change. */
export class Discovery {
  readonly #context: ApiContext;
  #revision = -1;
  #groups: DiscoveredGroup[] = [];
  #documents = new Map<string, { body: string | Buffer; etag: string }>();

  constructor(context: ApiContext) {
    this.#context = context;
  }

  /** Whether the path was one of these; then it has been answered. */
  handle(exchange: Exchange): boolean {
    const path = exchange.url.pathname.replace(/\/$/, '');
    const [, probe, check] = /^\/(healthz|livez|readyz)(?:\/([^/]+))?$/.exec(path) ?? [];
    if (probe) return this.#health(exchange, probe, check);
    if (path === '/version') {
      exchange.sendValue(200, VERSION);
      return true;
    }
    this.#refresh();
    return this.#openApiDocument(exchange, path) || this.#discovery(exchange, path);
  }

  /** The server answers, so it is well; with `verbose` it says what that means. */
  #health(exchange: Exchange, probe: string, check: string | undefined): boolean {
    if (check !== undefined && !HEALTH_CHECKS.includes(check)) return false;
    const excluded = exchange.query.getAll('exclude');
    const lines = HEALTH_CHECKS.map((name) => `[+]${name} ${excluded.includes(name) ? 'excluded: ' : ''}ok`);
    const text = exchange.query.has('verbose') && check === undefined;
    const body = text ? `${lines.join('\n')}\n${probe} check passed\n` : 'ok';
    exchange.send(200, 'text/plain; charset=utf-8', body);
    return true;
  }

  /** `/` and unknown paths: the paths that there are. */
  paths(): string[] {
    this.#refresh();
    const served = this.#groups.flatMap(({ name, versions }) =>
      name ? [`/apis/${name}`, ...versions.map(({ version }) => `/apis/${name}/${version}`)] : [],
    );
    const fixed = [
      '/api',
      '/api/v1',
      '/apis',
      '/healthz',
      '/livez',
      '/metrics',
      '/openapi/v2',
      '/openapi/v3',
      '/readyz',
      '/version',
    ];
    return [...fixed, ...served].sort();
  }

  #refresh(): void {
    const { registry } = this.#context;
    if (this.#revision === registry.revision) return;
    this.#revision = registry.revision;
    this.#groups = discover(registry);
    this.#documents = new Map();
  }

  #discovery(exchange: Exchange, path: string): boolean {
    const [root, group, version, ...rest] = path.split('/').slice(1);
    if (rest.length > 0) return false;
    if (root === 'api' && version === undefined) {
      if (group === undefined) return this.#root(exchange, true);
      return this.#resources(exchange, '', group);
    }
    if (root !== 'apis') return false;
    if (group === undefined) return this.#root(exchange, false);
    if (version !== undefined) return this.#resources(exchange, group, version);
    const found = this.#groups.find(({ name, versions }) => name === group && versions.length > 0);
    if (found) exchange.sendValue(200, apiGroup(found));
    else exchange.send(404, 'text/plain; charset=utf-8', '404 page not found\n');
    return true;
  }

  #root(exchange: Exchange, core: boolean): true {
    for (const { type, params } of parseAccept(exchange.header('accept'))) {
      const { as, v = '' } = params;
      if (type === 'application/json' && as === AGGREGATED && (v === 'v2' || v === 'v2beta1')) {
        const contentType = `application/json;g=apidiscovery.k8s.io;v=${v};as=${AGGREGATED}`;
        const build = () => `${JSON.stringify(aggregated(this.#groups, v, core))}\n`;
        const headers = { 'cache-control': 'public' };
        this.#sendMarked(exchange, core ? '/api' : '/apis', build, contentType, headers);
        return true;
      }
    }
    const address = exchange.header(':authority') ?? exchange.header('host') ?? '';
    exchange.sendValue(200, core ? apiVersions(this.#groups, address) : apiGroupList(this.#groups));
    return true;
  }

  #resources(exchange: Exchange, group: string, version: string): true {
    const served = this.#groups
      .find(({ name }) => name === group)
      ?.versions.find((candidate) => candidate.version === version);
    if (served) exchange.sendValue(200, apiResourceList(served));
    else exchange.send(404, 'text/plain; charset=utf-8', '404 page not found\n');
    return true;
  }

  #openApiDocument(exchange: Exchange, path: string): boolean {
    const { registry } = this.#context;
    if (path === '/openapi/v2') {
      if (parseAccept(exchange.header('accept'))[0]?.type.includes('proto-openapi')) {
        this.#sendMarked(exchange, path, () => encodeOpenApiV2(openApiV2(registry)), OPENAPI_V2_PROTOBUF);
      } else {
        this.#sendMarked(exchange, path, () => JSON.stringify(openApiV2(registry)));
      }
      return true;
    }
    if (path === '/openapi/v3') {
      this.#sendMarked(exchange, path, () => {
        const paths = openApiPaths(registry).map((name) => [
          name,
          { serverRelativeURL: this.#documentUrl(name) },
        ]);
        return JSON.stringify({ paths: Object.fromEntries(paths) });
      });
      return true;
    }
    const match = /^\/openapi\/v3\/(?:api\/([^/]+)|apis\/([^/]+)\/([^/]+))$/.exec(path);
    if (!match) return false;
    const kinds = registry.groupVersion(match[2] ?? '', match[3] ?? match[1] ?? '');
    if (!kinds) return false;
    this.#sendMarked(exchange, path, () => JSON.stringify(openApiV3(registry, kinds)));
    return true;
  }

  /** With a mark of the content, so that clients may keep the document. */
  #documentUrl(name: string): string {
    const hash = createHash('sha256').update(`${process.pid}/${this.#revision}/${name}`).digest('hex');
    return `/openapi/v3/${name}?hash=${hash.slice(0, 32).toUpperCase()}`;
  }

  /** A document with a mark of its content, for clients that have it already. */
  #sendMarked(
    exchange: Exchange,
    path: string,
    build: () => string | Buffer,
    contentType = 'application/json',
    more: Record<string, string> = {},
  ): void {
    const key = `${path} ${contentType}`;
    let document = this.#documents.get(key);
    if (!document) {
      const body = build();
      document = { body, etag: `"${createHash('sha256').update(body).digest('hex')}"` };
      this.#documents.set(key, document);
    }
    const { body, etag } = document;
    const headers = { etag, vary: 'Accept', ...more };
    if (exchange.header('if-none-match') === etag) exchange.send(304, undefined, '', headers);
    else exchange.send(200, contentType, body, headers);
  }
}
