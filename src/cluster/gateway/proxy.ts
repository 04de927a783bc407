import http from 'node:http';
import type { Duplex } from 'node:stream';
import { CONNECTION_HEADERS } from '../connection-headers.ts';
import type { Endpoint } from '../node/index.ts';

/** How the request to the upstream went; times in seconds from its start. */
export interface Outcome {
  status: number;
  /** Undefined: no upstream was reached. */
  connectSeconds?: number;
  headerSeconds?: number;
  responseSeconds?: number;
  requestBytes: number;
  responseBytes: number;
}

/** An idle connection is dropped before a usual server (5 s for Node.js) would close it under a request. */
const reusing = new http.Agent({ keepAlive: true, timeout: 4000, maxSockets: Number.POSITIVE_INFINITY });
/** Requests that cannot be sent twice never meet a connection that the upstream is just closing. */
const fresh = new http.Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** Milliseconds without a byte from the upstream until the request is given up with 504, as ingress-nginx. */
const READ_TIMEOUT_MS = 60_000;

/** Answers without an upstream. */
export function answer(res: http.ServerResponse, status: number): void {
  const text = `${status} ${http.STATUS_CODES[status]}`;
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  res.end(`${text}\n`);
}

/**
 * Sends the request to the first endpoint that takes it and streams the answer back. An endpoint that cannot be connected
 * to is passed over; a request without a body is also sent again when a reused connection breaks before the answer.
 * Never rejects: a failure is a 502 or 504 to the client.
 */
export async function forward(
  req: http.IncomingMessage,
  res: http.ServerResponse,
  endpoints: readonly Endpoint[],
  path: string,
): Promise<Outcome> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const outcome: Outcome = { status: 502, requestBytes: 0, responseBytes: 0 };
  req.on('data', (chunk: Buffer) => {
    outcome.requestBytes += chunk.length;
  });
  req.pause();
  const hasBody =
    Number(req.headers['content-length'] ?? 0) > 0 || req.headers['transfer-encoding'] !== undefined;

  for (const endpoint of endpoints) {
    let failure = await attempt(req, res, endpoint, path, hasBody, outcome, seconds);
    if (failure === 'stale connection') {
      failure = await attempt(req, res, endpoint, path, true, outcome, seconds);
    }
    if (failure === undefined || res.headersSent || res.destroyed) return outcome;
    if (failure === 'timeout') {
      outcome.status = 504;
      break;
    }
    if (failure !== 'not connected') break;
  }
  if (endpoints.length === 0) outcome.status = 503;
  answer(res, outcome.status);
  return outcome;
}

type Failure = 'not connected' | 'stale connection' | 'broken' | 'timeout';

function attempt(
  req: http.IncomingMessage,
  res: http.ServerResponse,
  endpoint: Endpoint,
  path: string,
  newConnection: boolean,
  outcome: Outcome,
  seconds: () => number,
): Promise<Failure | undefined> {
  return new Promise((resolve) => {
    let connected = false;
    let timedOut = false;
    const upstream = http.request({
      host: endpoint.host,
      port: endpoint.port,
      method: req.method,
      path,
      headers: forwardedHeaders(req),
      agent: newConnection ? fresh : reusing,
    });
    const abandon = () => upstream.destroy();
    res.once('close', abandon);
    const settle = (failure: Failure | undefined) => {
      res.off('close', abandon);
      resolve(failure);
    };
    const start = () => {
      connected = true;
      outcome.connectSeconds ??= seconds();
      req.pipe(upstream);
    };
    upstream.setTimeout(READ_TIMEOUT_MS, () => {
      timedOut = true;
      upstream.destroy();
    });
    upstream.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', start);
      else start();
    });
    upstream.once('error', () => {
      req.unpipe(upstream);
      if (timedOut) settle('timeout');
      else if (!connected) settle('not connected');
      else if (upstream.reusedSocket && !res.headersSent) settle('stale connection');
      else settle('broken');
    });
    upstream.once('response', (answered) => {
      outcome.headerSeconds = seconds();
      outcome.status = answered.statusCode ?? 502;
      res.writeHead(outcome.status, answered.statusMessage, endToEnd(answered.rawHeaders));
      answered.on('data', (chunk: Buffer) => {
        outcome.responseBytes += chunk.length;
      });
      answered.pipe(res);
      answered.once('close', () => {
        outcome.responseSeconds = seconds();
        // Cut off in the middle: the client must not take the part for the whole.
        if (!answered.complete) res.destroy();
        settle(undefined);
      });
    });
  });
}

function forwardedHeaders(req: http.IncomingMessage): http.OutgoingHttpHeaders {
  const headers: http.OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(req.headers)) {
    if (value !== undefined && !CONNECTION_HEADERS.has(name)) headers[name] = value;
  }
  const client = req.socket.remoteAddress ?? '';
  headers['x-real-ip'] = client;
  headers['x-forwarded-for'] = req.headers['x-forwarded-for']
    ? `${req.headers['x-forwarded-for']}, ${client}`
    : client;
  headers['x-forwarded-host'] ??= req.headers.host;
  headers['x-forwarded-proto'] ??= 'http';
  if (req.headers['transfer-encoding']) headers['transfer-encoding'] = 'chunked';
  return headers;
}

/** The headers of a raw list that belong to the message, in their order and spelling. */
function endToEnd(raw: readonly string[]): string[] {
  const headers: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (!CONNECTION_HEADERS.has(name.toLowerCase())) headers.push(name, raw[i + 1] as string);
  }
  return headers;
}

/** Joins the two connections of an upgraded request (WebSocket); the first endpoint that takes it gets it. */
export function forwardUpgrade(
  req: http.IncomingMessage,
  client: Duplex,
  head: Buffer,
  endpoint: Endpoint,
  path: string,
): void {
  const upstream = http.request({
    host: endpoint.host,
    port: endpoint.port,
    method: req.method,
    path,
    headers: { ...forwardedHeaders(req), connection: 'Upgrade', upgrade: req.headers.upgrade },
    agent: fresh,
  });
  const refuse = () => client.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n');
  upstream.once('upgrade', (answered, server, serverHead) => {
    const lines = [`HTTP/1.1 ${answered.statusCode} ${answered.statusMessage}`];
    for (let i = 0; i < answered.rawHeaders.length; i += 2) {
      lines.push(`${answered.rawHeaders[i]}: ${answered.rawHeaders[i + 1]}`);
    }
    client.write(`${lines.join('\r\n')}\r\n\r\n`);
    if (serverHead.length > 0) client.write(serverHead);
    if (head.length > 0) server.write(head);
    server.pipe(client).pipe(server);
    server.on('error', () => client.destroy());
    client.on('error', () => server.destroy());
  });
  upstream.once('response', refuse);
  upstream.once('error', refuse);
  upstream.end();
}
