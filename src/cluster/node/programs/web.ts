/**
 * A small HTTP server that stands in for the images of tutorials. It runs as a program of its own: nothing may be
 * imported here but Node's own modules.
 *
 * Environment: HOST, PORT, POD_NAME; COLOR, STATUS, MODE (`json`, default, or `demo`), BODY, CONTENT_TYPE,
 * LATENCY (`250ms`, `2s`), ERROR_RATE (0…1). Each of the latter may also be given as an argument, `--color=blue`.
 */
import { createServer, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';

/** How long new connections are still accepted after SIGTERM: until nobody is told of this address any more. */
const DRAIN_MS = 1000;

const text = { type: 'string' } as const;
const { values: args } = parseArgs({
  options: {
    color: text,
    status: text,
    mode: text,
    body: text,
    'content-type': text,
    latency: text,
    'error-rate': text,
  },
});

function fail(message: string): never {
  console.error(`Error: ${message}`);
  process.exit(2);
}

function latencyMs(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(value);
  if (!match) fail(`LATENCY must be a number with "ms" or "s", such as 250ms; it is "${value}"`);
  return Number(match[1]) * (match[2] === 's' ? 1000 : 1);
}

function share(value: string): number {
  const number = Number(value);
  if (value === '' || !(number >= 0 && number <= 1)) fail(`ERROR_RATE must be from 0 to 1; it is "${value}"`);
  return number;
}

const { env } = process;
const host = env.HOST ?? '127.0.0.1';
const port = Number(env.PORT ?? 8080);
const color = args.color ?? env.COLOR ?? 'blue';
const status = args.status ?? env.STATUS ?? 'ok';
const mode = args.mode ?? env.MODE ?? 'json';
const body = args.body ?? env.BODY;
const contentType = args['content-type'] ?? env.CONTENT_TYPE ?? 'text/plain';
const delayMs = latencyMs(args.latency ?? env.LATENCY ?? '0');
const errorRate = share(args['error-rate'] ?? env.ERROR_RATE ?? '0');
const podName = env.POD_NAME ?? env.HOSTNAME ?? '';

if (mode !== 'json' && mode !== 'demo') fail(`MODE must be "json" or "demo"; it is "${mode}"`);

/** What is answered: the body of BODY, the demo's page and colour, or colour and status as JSON. */
function content(path: string): { type: string; body: string } {
  if (body !== undefined) return { type: contentType, body };
  if (mode === 'json') return { type: 'application/json', body: JSON.stringify({ color, status }) };
  if (path.startsWith('/color')) return { type: 'application/json', body: JSON.stringify(color) };
  return { type: 'text/html', body: `<body style="background:${color}"><h1>${color}</h1></body>` };
}

let draining = false;

function answer(path: string, response: ServerResponse): void {
  const failed = errorRate > 0 && Math.random() < errorRate;
  const { type, body: text } = content(path);
  response.writeHead(failed ? 500 : 200, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'x-pod-name': podName,
    ...(draining && { connection: 'close' }),
  });
  response.end(text);
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume();
  const path = request.url ?? '/';
  if (delayMs > 0) setTimeout(() => answer(path, response), delayMs);
  else answer(path, response);
});

server.on('error', (error) => fail(error.message));
server.listen({ host, port, backlog: 511 }, () => {
  console.log(`listening on ${host}:${port}`);
});

process.on('SIGTERM', () => {
  if (draining) return;
  draining = true;
  console.log('draining');
  setTimeout(() => server.close(() => process.exit(0)), DRAIN_MS);
});
