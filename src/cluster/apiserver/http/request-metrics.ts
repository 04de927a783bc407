import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry as MetricRegistry } from 'prom-client';
import type { ResourceAttributes } from '../access/attributes.ts';
import type { Registry } from '../registry/registry.ts';
import type { Exchange } from './exchange.ts';

const LABELS = ['verb', 'group', 'version', 'resource', 'subresource', 'scope'] as const;
/** kube-apiserver's own, in seconds. */
const BUCKETS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
const WRITES: Readonly<Record<string, string>> = { create: 'POST', update: 'PUT' };
const LONG_RUNNING = new Set(['WATCH', 'CONNECT']);

type Labels = Record<(typeof LABELS)[number], string>;

/** Counts and times requests under the names that kube-apiserver has for them. */
export class RequestMetrics {
  readonly #registry: Registry;
  readonly #metrics = new MetricRegistry();
  #ofProcess = false;
  readonly #total = new Counter({
    name: 'apiserver_request_total',
    help: 'Requests that were answered, by what they were for and how they ended.',
    labelNames: [...LABELS, 'code'],
    registers: [this.#metrics],
  });
  readonly #duration = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Time until a request was answered, watches left out.',
    labelNames: LABELS,
    buckets: BUCKETS,
    registers: [this.#metrics],
  });
  readonly #current = new Gauge({
    name: 'apiserver_current_inflight_requests',
    help: 'Requests that are being answered.',
    labelNames: ['request_kind'],
    registers: [this.#metrics],
  });
  readonly #longRunning = new Gauge({
    name: 'apiserver_longrunning_requests',
    help: 'Watches and sessions that are open.',
    labelNames: LABELS,
    registers: [this.#metrics],
  });

  /** @param registry what is served: requests for anything else have no labels of their own */
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Follows a request to its end. @param version of the group in its path */
  follow({ response, method, upgrade }: Exchange, attributes: ResourceAttributes, version: string): void {
    const labels = this.#labels(attributes, version);
    const isLong = LONG_RUNNING.has(labels.verb);
    const kind = { request_kind: method === 'GET' || method === 'HEAD' ? 'readOnly' : 'mutating' };
    const began = performance.now();
    if (isLong) this.#longRunning.inc(labels);
    else this.#current.inc(kind);
    // Both kinds of responses are streams; only one is typed as such. A session outlives its response.
    const stream: NodeJS.EventEmitter = upgrade?.socket ?? (response as NodeJS.EventEmitter);
    stream.once('close', () => {
      if (isLong) this.#longRunning.dec(labels);
      else {
        this.#current.dec(kind);
        this.#duration.observe(labels, (performance.now() - began) / 1000);
      }
      this.#total.inc({ ...labels, code: String(response.statusCode) });
    });
  }

  /** The metrics in the text format of Prometheus. */
  text(): Promise<string> {
    // Those of the process are watched from when somebody first asks for them.
    if (!this.#ofProcess) collectDefaultMetrics({ register: this.#metrics });
    this.#ofProcess = true;
    return this.#metrics.metrics();
  }

  get contentType(): string {
    return this.#metrics.contentType;
  }

  #labels(
    { verb, group, resource, subresource = '', namespace, name }: ResourceAttributes,
    version: string,
  ): Labels {
    const isServed = this.#registry.find(group, version, resource) !== undefined;
    const upper = WRITES[verb] ?? verb.toUpperCase();
    if (!isServed) return { verb: upper, group: '', version: '', resource: '', subresource: '', scope: '' };
    const isSession = ['exec', 'attach', 'portforward', 'proxy'].includes(subresource);
    return {
      verb: isSession ? 'CONNECT' : upper,
      group,
      version,
      resource,
      subresource,
      scope: name ? 'resource' : namespace ? 'namespace' : 'cluster',
    };
  }
}
