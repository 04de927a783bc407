import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool, ProxyAgent, Socks5ProxyAgent } from 'undici';
import { type Connection, ConnectionError } from './connection.ts';
import { sleep } from './sleep.ts';
import { ApiError } from './types.ts';

export interface TransportRequest {
  method: string;
  /** Path and query, from the API's root. */
  path: string;
  headers?: Record<string, string> | undefined;
  body?: string | undefined;
  signal?: AbortSignal | undefined;
  /** The answer has no end of its own (watch, log): it gets a connection beside the pool's. */
  stream?: boolean | undefined;
  /** Milliseconds without a byte after which the answer is given up; 0: never. */
  idleTimeoutMs?: number | undefined;
}

/** HTTP to one API server: connections, TLS, credentials, and failures as ApiError. */
export interface Transport {
  /**
   * Sends and returns an answer with a 2xx status.
   * @throws ApiError for every other status, and with code 0 when there is no answer
   */
  send(request: TransportRequest): Promise<Dispatcher.ResponseData>;
  /** What went wrong while a body was read, as an ApiError. */
  failure(error: unknown, signal?: AbortSignal): ApiError;
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** Requests at once; watches and logs are not among them. */
const POOL_SIZE = 64;
const MAX_READ_ATTEMPTS = 10;
const MAX_RETRY_AFTER_MS = 30_000;
/** Longest body of an error that is read. */
const MAX_ERROR_BYTES = 1 << 20;

export function createTransport(connection: Connection, userAgent: string): Transport {
  const url = new URL(connection.server);
  const prefix = url.pathname.replace(/\/+$/, '');
  const pooled = createDispatcher(connection, url.origin, POOL_SIZE);
  const streaming = createDispatcher(connection, url.origin, null);
  const timeoutMs = connection.requestTimeoutMs || DEFAULT_TIMEOUT_MS;

  async function attempt(request: TransportRequest): Promise<Dispatcher.ResponseData> {
    try {
      return await (request.stream ? streaming : pooled).request({
        origin: url.origin,
        path: prefix + request.path,
        method: request.method,
        headers: {
          'user-agent': userAgent,
          accept: 'application/json',
          ...(await connection.headers()),
          ...request.headers,
        },
        body: request.body ?? null,
        signal: request.signal ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: request.idleTimeoutMs ?? (request.stream ? 0 : timeoutMs),
      });
    } catch (error) {
      throw failure(error, request.signal);
    }
  }

  function failure(error: unknown, signal?: AbortSignal): ApiError {
    if (error instanceof ApiError) return error;
    if (signal?.aborted) {
      return new ApiError(0, 'Aborted', 'the request was given up', undefined, error);
    }
    if (error instanceof ConnectionError) {
      return new ApiError(0, 'NoCredentials', error.message, undefined, error);
    }
    return new ApiError(
      0,
      'Unreachable',
      `cannot reach the API server at ${connection.server}: ${describe(error)}`,
      undefined,
      error,
    );
  }

  return {
    failure,
    async send(request) {
      const mayRepeat = request.method === 'GET';
      for (let tries = 1; ; tries++) {
        let retryAfterMs: number | undefined;
        try {
          const response = await attempt(request);
          if (response.statusCode >= 200 && response.statusCode < 300) return response;
          if (response.statusCode === 429) retryAfterMs = retryAfter(response);
          throw await errorOf(response, connection.server);
        } catch (error) {
          const repeat = mayRepeat && !request.signal?.aborted && tries < MAX_READ_ATTEMPTS;
          if (repeat && tries === 1 && wasCutOff(error)) continue;
          if (!repeat || retryAfterMs === undefined) throw failure(error, request.signal);
          await sleep(retryAfterMs, request.signal);
        }
      }
    },
    async close() {
      await Promise.all([pooled.destroy(), streaming.destroy()]);
    },
  };
}

function createDispatcher(connection: Connection, origin: string, connections: number | null): Dispatcher {
  const tls = {
    ...connection.tls,
    timeout: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  };
  const options = { connections, allowH2: false, keepAliveTimeout: 30_000 };
  const { proxyUrl } = connection;
  if (proxyUrl?.startsWith('socks')) {
    return new Socks5ProxyAgent(proxyUrl, { ...options, requestTls: tls });
  }
  if (proxyUrl) return new ProxyAgent({ ...options, uri: proxyUrl, requestTls: tls });
  if (isLoopback(origin)) return new Pool(origin, { ...options, connect: tls });
  const { env } = process;
  const fromEnvironment = [env.HTTPS_PROXY, env.https_proxy, env.HTTP_PROXY, env.http_proxy].some(Boolean);
  return fromEnvironment
    ? new EnvHttpProxyAgent({ ...options, connect: tls, requestTls: tls })
    : new Agent({ ...options, connect: tls });
}

function isLoopback(origin: string): boolean {
  const { hostname } = new URL(origin);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

/** The server closed an idle connection just as it was used again. */
function wasCutOff(error: unknown): boolean {
  const code = error instanceof ApiError && (error.cause as { code?: unknown } | undefined)?.code;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

function retryAfter(response: Dispatcher.ResponseData): number | undefined {
  const seconds = Number(response.headers['retry-after']);
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : undefined;
}

/** The server's Status as an ApiError; of an answer without one, its beginning. */
async function errorOf(response: Dispatcher.ResponseData, server: string): Promise<ApiError> {
  const text = await readBounded(response.body, MAX_ERROR_BYTES).catch(() => '');
  const status = parseStatus(text);
  if (status) {
    const { message, reason, details } = status;
    return new ApiError(
      response.statusCode,
      reason ?? '',
      message || `HTTP ${response.statusCode}`,
      details ?? undefined,
    );
  }
  const excerpt = text.trim().replace(/\s+/g, ' ').slice(0, 200);
  return new ApiError(
    response.statusCode,
    '',
    `the API server at ${server} answered ${response.statusCode}${excerpt && `: ${excerpt}`}`,
  );
}

async function readBounded(body: AsyncIterable<Buffer>, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= limit) break;
  }
  return Buffer.concat(chunks).subarray(0, limit).toString('utf8');
}

interface Status {
  kind?: string;
  message?: string;
  reason?: string;
  code?: number;
  details?: Record<string, unknown>;
}

function parseStatus(text: string): Status | undefined {
  try {
    const value = JSON.parse(text) as Status | null;
    return value?.kind === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}

const hints: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there ; is the cluster running?',
  ENOTFOUND: 'the host name cannot be resolved',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not signed by the certificate authority of the kubeconfig',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not signed by the certificate authority of the kubeconfig',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is not signed by the certificate authority of the kubeconfig',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  const nested = error instanceof AggregateError ? error.errors.map(describe).join('; ') : error.message;
  const text = nested || code || error.name;
  const hint = code && hints[code];
  return hint ? `${text} (${hint})` : text;
}
