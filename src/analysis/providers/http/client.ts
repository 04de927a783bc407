import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, Dispatcher, EnvHttpProxyAgent, fetch } from 'undici';
import { MeasurementError } from '../error.ts';
import { bareHost, checkAddress } from './addresses.ts';

/** Bytes of an answer that are read; more is an error. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** What timers can hold: about 25 days. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Where a Service of the cluster can be reached from here, given a name such as `svc.ns.svc.cluster.local` and the
 * port of the Service; undefined when the host is none.
 */
export type ResolveService = (host: string, port: number) => { host: string; port: number } | undefined;

export interface HttpClientOptions {
  resolveService?: ResolveService | undefined;
  /** For `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. Default: no proxy. */
  env?: Readonly<Record<string, string | undefined>>;
}

export interface HttpRequest {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Until the whole answer is there. */
  timeoutMs: number;
  /** Do not verify the server's certificate. */
  insecure?: boolean;
  signal?: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  statusText: string;
  body: string;
}

/** Requests on behalf of metrics: to Services by their names, never to metadata addresses, never without end. */
export interface HttpClient {
  /** Follows redirects. @throws MeasurementError when there is no answer, or too much of one */
  request(url: string, request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const dispatchers = new Map<boolean, Dispatcher>();
  const dispatcher = (insecure: boolean): Dispatcher => {
    const known = dispatchers.get(insecure);
    if (known) return known;
    const made = createDispatcher(insecure, options);
    dispatchers.set(insecure, made);
    return made;
  };
  return {
    request: (url, request) => send(url, request, dispatcher(request.insecure ?? false)),
    close: async () => {
      await Promise.all([...dispatchers.values()].map((made) => made.destroy()));
      dispatchers.clear();
    },
  };
}

/** No connection is kept: each request is balanced over the pods of its Service anew. */
function createDispatcher(insecure: boolean, { resolveService, env = {} }: HttpClientOptions): Dispatcher {
  const tls = { rejectUnauthorized: !insecure };
  const connectDirectly = buildConnector({ ...tls, lookup: checkedLookup });
  const connect: buildConnector.connector = (target, callback) => {
    const service = resolveService?.(target.hostname, portOf(target));
    // Certificates are for the name that was asked for, wherever it leads; addresses have no server name.
    const servername = target.servername || (isIP(bareHost(target.hostname)) ? undefined : target.hostname);
    try {
      checkAddress(target.hostname, service?.host ?? target.hostname);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    const actual = service
      ? { hostname: service.host, port: String(service.port), host: `${service.host}:${service.port}` }
      : {};
    connectDirectly({ ...target, ...actual, ...(servername && { servername }) }, callback);
  };
  const direct = new Agent({ connect, pipelining: 0 });
  const httpProxy = env.HTTP_PROXY ?? env.http_proxy;
  const httpsProxy = env.HTTPS_PROXY ?? env.https_proxy;
  if (!httpProxy && !httpsProxy) return direct;
  const proxied = new EnvHttpProxyAgent({
    connect,
    pipelining: 0,
    requestTls: tls,
    ...(httpProxy && { httpProxy }),
    ...(httpsProxy && { httpsProxy }),
    noProxy: env.NO_PROXY ?? env.no_proxy ?? '',
  });
  return new ServicesDirectly(direct, proxied, (origin) => {
    checkAddress(origin.hostname);
    return resolveService?.(origin.hostname, portOf(origin)) !== undefined;
  });
}

/** Goes through a proxy, but for the Services of the cluster. */
class ServicesDirectly extends Dispatcher {
  private readonly direct: Dispatcher;
  private readonly proxied: Dispatcher;
  private readonly isService: (origin: URL) => boolean;

  constructor(direct: Dispatcher, proxied: Dispatcher, isService: (origin: URL) => boolean) {
    super();
    this.direct = direct;
    this.proxied = proxied;
    this.isService = isService;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const service = this.isService(new URL(String(options.origin)));
    return (service ? this.direct : this.proxied).dispatch(options, handler);
  }

  override async destroy(): Promise<void> {
    await Promise.all([this.direct.destroy(), this.proxied.destroy()]);
  }
}

function portOf({ port, protocol }: { port: string; protocol: string }): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80);
}

/** Judges the addresses that a name stands for before one of them is connected to. */
const checkedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, options, (error, addresses, family) => {
    if (error) {
      callback(error, addresses, family);
      return;
    }
    try {
      for (const found of Array.isArray(addresses) ? addresses : [{ address: addresses }]) {
        checkAddress(hostname, found.address);
      }
    } catch (refused) {
      callback(refused as Error, addresses, family);
      return;
    }
    callback(null, addresses, family);
  });
};

async function send(url: string, request: HttpRequest, dispatcher: Dispatcher): Promise<HttpAnswer> {
  const method = request.method ?? 'GET';
  const { target, authorization } = parseUrl(url);
  const timeout = AbortSignal.timeout(Math.min(request.timeoutMs, MAX_TIMEOUT_MS));
  const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
  try {
    const response = await fetch(target, {
      method,
      headers: { 'user-agent': 'kanari', ...authorization, ...request.headers },
      ...(request.body !== undefined && { body: request.body }),
      dispatcher,
      signal,
    });
    return { status: response.status, statusText: response.statusText, body: await readBody(response.body) };
  } catch (error) {
    if (timeout.aborted) {
      throw new MeasurementError(
        `${method} ${target}: no complete answer within ${request.timeoutMs / 1000} s`,
      );
    }
    throw new MeasurementError(`${method} ${target}: ${innermost(error)}`);
  }
}

/** What stands before the host of a URL is sent as basic authentication. */
function parseUrl(url: string): { target: string; authorization: Record<string, string> } {
  const target = URL.parse(url);
  if (!target || !/^https?:$/.test(target.protocol)) {
    throw new MeasurementError(`${JSON.stringify(url)} is not an http or https URL`);
  }
  const { username, password } = target;
  if (!username && !password) return { target: target.href, authorization: {} };
  target.username = '';
  target.password = '';
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { target: target.href, authorization: { authorization: basicAuthorization(credentials) } };
}

export function basicAuthorization(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

async function readBody(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) {
      throw new MeasurementError(`the answer is larger than ${MAX_BODY_BYTES / 1024 / 1024} MiB`);
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** `fetch failed` says nothing; its cause does. */
function innermost(error: unknown): string {
  let current = error;
  for (;;) {
    if (current instanceof AggregateError && current.errors.length > 0) current = current.errors[0];
    else if (current instanceof Error && current.cause) current = current.cause;
    else return current instanceof Error ? current.message : String(current);
  }
}
