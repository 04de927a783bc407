import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Service } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import type { Logger } from 'pino';
import { EndpointSlices, Ingresses, SERVICE_NAME_LABEL, Services } from '../../api/index.ts';
import type { Informers, KubeClient } from '../../kube/index.ts';
import type { Endpoint } from '../node/index.ts';
import { chooseUpstream, ticketDispenser } from './canary.ts';
import { RoundRobin, upstreamEndpoints } from './endpoints.ts';
import { GatewayMetrics } from './metrics.ts';
import { answer, forward, forwardUpgrade } from './proxy.ts';
import { publishAddress, publishClass } from './status.ts';
import {
  buildRoutingTable,
  EMPTY_TABLE,
  findLocation,
  isServed,
  type Location,
  type RoutingTable,
  servicePort,
  type Upstream,
} from './table.ts';

export interface GatewayOptions {
  client: KubeClient;
  informers: Informers;
  log: Logger;
  /** Port for HTTP; 0: any free one. Default: 8080. */
  port?: number;
  /** Port for /metrics and /healthz; 0: any free one. Default: 10254, as ingress-nginx. */
  metricsPort?: number;
  /** Address to listen on. Default: 127.0.0.1. */
  host?: string;
}

export interface Gateway {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly metricsUrl: string;
  stop(): Promise<void>;
}

/**
 * The HTTP data plane: routes requests by the cluster's Ingresses to the ready endpoints of Services, and splits them
 * between primary and canary as ingress-nginx does (TRF §13). It learns of changes by watch.
 * @throws the listen error (`EADDRINUSE` …) when a port cannot be had
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { client, informers, log, host = '127.0.0.1' } = options;
  const ingresses = informers.informer<Ingress>(Ingresses);
  const services = informers.informer<Service>(Services);
  const slices = informers.informer<EndpointSlice>(EndpointSlices);
  slices.addIndex('service', (slice) => [
    `${slice.metadata?.namespace}/${slice.metadata?.labels?.[SERVICE_NAME_LABEL]}`,
  ]);

  const metrics = new GatewayMetrics();
  const rounds = new RoundRobin();
  const nextTicket = ticketDispenser(Math.random());
  let table: RoutingTable = EMPTY_TABLE;
  const rebuild = () => {
    table = buildRoutingTable(ingresses.list());
  };

  const serviceOf = ({ namespace, service }: Upstream) => services.get(namespace, service);
  const endpointsOf = (upstream: Upstream): Endpoint[] =>
    upstreamEndpoints(
      upstream,
      serviceOf(upstream),
      slices.by('service', `${upstream.namespace}/${upstream.service}`),
    );
  const hasEndpoints = (upstream: Upstream) => endpointsOf(upstream).length > 0;
  const route = (req: http.IncomingMessage) => {
    const [path = '/', query] = (req.url ?? '/').split(/\?(.*)/s);
    const location = findLocation(table, req.headers.host ?? '', path);
    if (!location?.upstream) return { location, path };
    const routed = location as Location & { upstream: Upstream };
    const chosen = chooseUpstream(routed, { headers: req.headers, ticket: nextTicket() }, hasEndpoints);
    const { namespace, service, port } = chosen.upstream;
    const endpoints = rounds.order(`${namespace}/${service}/${port}`, endpointsOf(chosen.upstream));
    const rewritten = location.rewrite(path) + (query === undefined ? '' : `?${query}`);
    return { location: routed, chosen, endpoints, path: rewritten };
  };

  const server = http.createServer({ keepAliveTimeout: 75_000 }, async (req, res) => {
    const started = performance.now();
    const { location, chosen, endpoints, path } = route(req);
    if (!location || !chosen) return answer(res, 404);
    const outcome = await forward(req, res, endpoints, path);
    const service = chosen.canary ? serviceOf(chosen.upstream) : undefined;
    metrics.record({
      location,
      canary: chosen.canary
        ? {
            upstream: chosen.upstream,
            port: (service && servicePort(service, chosen.upstream.port)?.port) ?? 0,
          }
        : undefined,
      method: req.method ?? '',
      host: (req.headers.host ?? '').replace(/:\d+$/, ''),
      seconds: (performance.now() - started) / 1000,
      outcome,
    });
  });
  server.on('upgrade', (req, socket, head) => {
    const { endpoints, path } = route(req);
    const endpoint = endpoints?.[0];
    if (endpoint) forwardUpgrade(req, socket, head, endpoint, path);
    else
      socket.end(
        `HTTP/1.1 ${endpoints ? '503 Service Unavailable' : '404 Not Found'}\r\nconnection: close\r\n\r\n`,
      );
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
  });

  const metricsServer = http.createServer(async (req, res) => {
    if (req.url === '/healthz') return res.end('ok');
    if (req.url !== '/metrics') return answer(res, 404);
    res.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.text());
  });

  const port = await listen(server, host, options.port ?? 8080);
  let metricsPort: number;
  try {
    metricsPort = await listen(metricsServer, host, options.metricsPort ?? 10_254);
  } catch (error) {
    server.close();
    throw error;
  }

  void publishClass(client, log);
  const publish = (ingress: Ingress) => {
    rebuild();
    if (isServed(ingress)) void publishAddress(client, ingress, host, log);
  };
  const unsubscribe = ingresses.subscribe({
    added: publish,
    updated: (_old, next) => publish(next),
    deleted: (ingress) => {
      rebuild();
      void metrics.forget(ingress.metadata?.namespace ?? '', ingress.metadata?.name ?? '');
    },
  });

  return {
    url: `http://${host}:${port}`,
    metricsUrl: `http://${host}:${metricsPort}/metrics`,
    async stop() {
      unsubscribe();
      await Promise.all([close(server), close(metricsServer)]);
    },
  };
}

function listen(server: http.Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    // What is still answering after a second is cut off; the process is about to end.
    setTimeout(() => server.closeAllConnections(), 1000).unref();
  });
}
