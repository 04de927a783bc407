import { Counter, Histogram, Registry } from 'prom-client';
import type { Outcome } from './proxy.ts';
import type { Location, Upstream } from './table.ts';

/** The metrics of ingress-nginx, by the same names and labels, so that its users' queries work (TRF §14.1). */

const LABELS = [
  'controller_class',
  'controller_namespace',
  'controller_pod',
  'status',
  'method',
  'path',
  'namespace',
  'ingress',
  'service',
  'canary',
  'host',
] as const;

const TIME_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SIZE_BUCKETS = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
const SENT_BUCKETS = [10, 100, 1e3, 1e4, 1e5, 1e6, 1e7];

export interface RequestRecord {
  location: Location & { upstream: Upstream };
  /** The port number of the canary's Service; undefined for primary traffic. */
  canary: { upstream: Upstream; port: number } | undefined;
  method: string;
  host: string;
  /** From the first byte of the request to the last of the answer. */
  seconds: number;
  outcome: Outcome;
}

export class GatewayMetrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: 'nginx_ingress_controller_requests',
    help: 'The total number of client requests',
    labelNames: LABELS,
    registers: [this.#registry],
  });
  readonly #request = this.#histogram(
    'request_duration_seconds',
    'The request processing time',
    TIME_BUCKETS,
  );
  readonly #response = this.#histogram('response_duration_seconds', 'The time of the upstream', TIME_BUCKETS);
  readonly #connect = this.#histogram(
    'connect_duration_seconds',
    'The time to connect upstream',
    TIME_BUCKETS,
  );
  readonly #header = this.#histogram('header_duration_seconds', 'The time to the first header', TIME_BUCKETS);
  readonly #requestSize = this.#histogram('request_size', 'The request length', SIZE_BUCKETS);
  readonly #responseSize = this.#histogram('response_size', 'The response length', SIZE_BUCKETS);
  readonly #bytesSent = this.#histogram('bytes_sent', 'The number of bytes sent to a client', SENT_BUCKETS);

  #histogram(name: string, help: string, buckets: number[]) {
    return new Histogram({
      name: `nginx_ingress_controller_${name}`,
      help,
      labelNames: LABELS,
      buckets,
      registers: [this.#registry],
    });
  }

  record({ location, canary, method, host, seconds, outcome }: RequestRecord): void {
    const labels = {
      controller_class: 'k8s.io/ingress-nginx',
      controller_namespace: 'kube-system',
      controller_pod: 'kanari-gateway',
      status: String(outcome.status),
      method,
      path: location.path,
      namespace: location.ingress.namespace,
      ingress: location.ingress.name,
      service: location.upstream.service,
      canary: canary ? `${canary.upstream.namespace}-${canary.upstream.service}-${canary.port}` : '',
      host: location.host || host,
    };
    this.#requests.inc(labels);
    this.#request.observe(labels, seconds);
    this.#requestSize.observe(labels, outcome.requestBytes);
    this.#responseSize.observe(labels, outcome.responseBytes);
    this.#bytesSent.observe(labels, outcome.responseBytes);
    if (outcome.connectSeconds !== undefined) this.#connect.observe(labels, outcome.connectSeconds);
    if (outcome.headerSeconds !== undefined) this.#header.observe(labels, outcome.headerSeconds);
    if (outcome.responseSeconds !== undefined) this.#response.observe(labels, outcome.responseSeconds);
  }

  /** Drops the series of an Ingress that is gone. */
  async forget(namespace: string, ingress: string): Promise<void> {
    const { values } = await this.#requests.get();
    for (const { labels } of values) {
      if (labels.namespace !== namespace || labels.ingress !== ingress) continue;
      for (const metric of [
        this.#requests,
        this.#request,
        this.#response,
        this.#connect,
        this.#header,
        this.#requestSize,
        this.#responseSize,
        this.#bytesSent,
      ]) {
        metric.remove(labels as Record<(typeof LABELS)[number], string>);
      }
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
