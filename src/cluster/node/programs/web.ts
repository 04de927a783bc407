/**
 * A small HTTP server that stands in for the images of tutorials. It runs as a program of its own, from a copy, and
 * without TypeScript's machinery in memory (there may be hundreds): so only Node's own modules are imported, and
 * nothing is written here that is not JavaScript.
 *
 * Environment: HOST, PORT, POD_NAME; COLOR, STATUS, MODE (`json`, default, or `demo`), BODY, CONTENT_TYPE,
 * LATENCY (`250ms`, `2s`), ERROR_RATE (0…1). Each of the latter may also be given as an argument, `--color=blue`.
 */
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

/** How long new connections are still accepted after SIGTERM: until nobody is told of this address any more. */
const DRAIN_MS = 1000;

const fail = (message = '') => {
  console.error(`Error: ${message}`);
  return process.exit(2);
};

const readArguments = () => {
  try {
    const { values } = parseArgs({
      options: {
        color: { type: 'string' },
        status: { type: 'string' },
        mode: { type: 'string' },
        body: { type: 'string' },
        'content-type': { type: 'string' },
        latency: { type: 'string' },
        'error-rate': { type: 'string' },
      },
    });
    return values;
  } catch (error) {
    return fail(String(error));
  }
};

const readLatencyMs = (text = '') => {
  const match = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(text);
  if (!match) return fail(`LATENCY must be a number with "ms" or "s", such as 250ms; it is "${text}"`);
  return Number(match[1]) * (match[2] === 's' ? 1000 : 1);
};

const readShare = (text = '') => {
  const share = Number(text);
  if (text !== '' && share >= 0 && share <= 1) return share;
  return fail(`ERROR_RATE must be from 0 to 1; it is "${text}"`);
};

const args = readArguments();
const { env } = process;
const host = env.HOST ?? '127.0.0.1';
const port = Number(env.PORT ?? 8080);
const podName = env.POD_NAME ?? env.HOSTNAME ?? '';
const color = args.color ?? env.COLOR ?? 'blue';
const status = args.status ?? env.STATUS ?? 'ok';
const mode = args.mode ?? env.MODE ?? 'json';
const fixedBody = args.body ?? env.BODY;
const fixedType = args['content-type'] ?? env.CONTENT_TYPE ?? 'text/plain';
const latencyMs = readLatencyMs(args.latency ?? env.LATENCY ?? '0');
const errorRate = readShare(args['error-rate'] ?? env.ERROR_RATE ?? '0');

if (mode !== 'json' && mode !== 'demo') fail(`MODE must be "json" or "demo"; it is "${mode}"`);

/** What is answered: BODY, or colour and status as JSON, or the demo's colour and page. */
const content = (path = '/') => {
  if (fixedBody !== undefined) return { type: fixedType, body: fixedBody };
  if (mode === 'json') return { type: 'application/json', body: JSON.stringify({ color, status }) };
  if (path.startsWith('/color')) return { type: 'application/json', body: JSON.stringify(color) };
  return { type: 'text/html', body: `<body style="background:${color}"><h1>${color}</h1></body>` };
};

let draining = false;

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume();
  const answer = () => {
    const { type, body } = content(request.url);
    response.writeHead(Math.random() < errorRate ? 500 : 200, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'x-pod-name': podName,
      ...(draining && { connection: 'close' }),
    });
    response.end(body);
  };
  if (latencyMs > 0) setTimeout(answer, latencyMs);
  else answer();
});

server.on('error', (error) => fail(error.message));
server.listen({ host, port, backlog: 511 }, () => console.log(`listening on ${host}:${port}`));

process.on('SIGTERM', () => {
  if (draining) return;
  draining = true;
  console.log('draining');
  setTimeout(() => server.close(() => process.exit(0)), DRAIN_MS);
});
