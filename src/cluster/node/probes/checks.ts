import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container, GRPCAction, HTTPGetAction, TCPSocketAction } from 'kubernetes-types/core/v1.d.ts';
import { bindablePort } from '../ports.ts';
import { type ExecResult, ExecTimeoutError } from '../runtime/runtime.ts';
import { checkGrpc } from './grpc.ts';

/** How a check went; the text is what kubelet writes in its event. */
export interface CheckResult {
  ok: boolean;
  output: string;
}

export interface CheckTarget {
  container: Container;
  podIP: string;
  exec(command: readonly string[], options: { timeoutMs: number }): Promise<ExecResult>;
}

/** What can be checked: a probe's or a hook's action. */
export interface Action {
  httpGet?: HTTPGetAction | undefined;
  tcpSocket?: TCPSocketAction | undefined;
  exec?: { command?: string[] } | undefined;
  grpc?: GRPCAction | undefined;
}

const MAX_REDIRECTS = 10;
const MAX_BODY_BYTES = 10 * 1024;

/** Carries out an action once. Never throws: what goes wrong is the result. */
export async function runCheck(action: Action, target: CheckTarget, timeoutMs: number): Promise<CheckResult> {
  try {
    if (action.httpGet) return await checkHttp(action.httpGet, target, timeoutMs);
    if (action.tcpSocket) return await checkTcp(action.tcpSocket, target, timeoutMs);
    if (action.exec) return await checkExec(action.exec.command ?? [], target, timeoutMs);
    if (action.grpc) {
      return await checkGrpc(action.grpc, target.podIP, bindablePort(action.grpc.port), timeoutMs);
    }
    const kinds = Object.keys(action).join(', ') || 'none';
    return {
      ok: false,
      output: `this node knows the probes httpGet, tcpSocket, grpc and exec, not ${kinds}`,
    };
  } catch (error) {
    return { ok: false, output: (error as Error).message };
  }
}

/** The number of a port that may be given by the name of a container's port. */
function portNumber(port: string | number, container: Container): number {
  if (typeof port === 'number') return port;
  if (/^\d+$/.test(port)) return Number(port);
  const named = container.ports?.find(({ name }) => name === port);
  if (!named) throw new Error(`couldn't find port: ${JSON.stringify(port)} in the container's ports`);
  return named.containerPort;
}

async function checkHttp(
  action: HTTPGetAction,
  target: CheckTarget,
  timeoutMs: number,
): Promise<CheckResult> {
  const port = bindablePort(portNumber(action.port, target.container));
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const path = action.path ?? '/';
  const host = action.host || target.podIP;
  let url = new URL(`${scheme}://${host}:${port}${path.startsWith('/') ? path : `/${path}`}`);
  const headers: Record<string, string> = {
    'user-agent': 'kube-probe/1.34',
    accept: '*/*',
    connection: 'close',
  };
  for (const { name, value } of action.httpHeaders ?? []) headers[name.toLowerCase()] = value;
  const first = url;
  for (let redirects = 0; ; redirects++) {
    const { status, location, body } = await httpGet(url, headers, timeoutMs, first);
    if (status >= 300 && status < 400 && location) {
      if (redirects === MAX_REDIRECTS)
        return { ok: false, output: `Get "${first}": stopped after 10 redirects` };
      const next = new URL(location, url);
      if (next.hostname !== first.hostname) return { ok: true, output: 'Probe terminated redirects' };
      url = next;
      continue;
    }
    if (status >= 200 && status < 400) return { ok: true, output: body };
    return { ok: false, output: `HTTP probe failed with statuscode: ${status}` };
  }
}

function httpGet(url: URL, headers: Record<string, string>, timeoutMs: number, first: URL) {
  return new Promise<{ status: number; location: string | undefined; body: string }>((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const fail = (reason: string) => reject(new Error(`Get "${first}": ${reason}`));
    const request = send(url, { headers, agent: false, rejectUnauthorized: false }, (response) => {
      readBody(response, (body) => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, body });
      });
      response.on('error', (error) => fail(dialError(error, url)));
    });
    const timer = setTimeout(() => {
      fail('context deadline exceeded (Client.Timeout exceeded while awaiting headers)');
      request.destroy();
    }, timeoutMs);
    request.on('error', (error) => {
      clearTimeout(timer);
      fail(dialError(error, url));
    });
    request.end();
  });
}

/** At most the first bytes of the body; the rest is let go unread. */
function readBody(response: IncomingMessage, done: (body: string) => void): void {
  let body = '';
  response.on('data', (chunk: Buffer) => {
    if (body.length < MAX_BODY_BYTES) body += chunk.toString();
    else response.destroy();
  });
  response.on('close', () => done(body.slice(0, MAX_BODY_BYTES)));
}

function checkTcp(action: TCPSocketAction, target: CheckTarget, timeoutMs: number): Promise<CheckResult> {
  const port = bindablePort(portNumber(action.port, target.container));
  const host = action.host || target.podIP;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (result: CheckResult) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(
      () => end({ ok: false, output: `dial tcp ${host}:${port}: i/o timeout` }),
      timeoutMs,
    );
    socket.on('connect', () => end({ ok: true, output: '' }));
    socket.on('error', (error) => end({ ok: false, output: dialError(error, { hostname: host, port }) }));
  });
}

/** As Go words it: `dial tcp 127.64.0.1:80: connect: connection refused`. */
function dialError(
  error: NodeJS.ErrnoException,
  { hostname, port }: { hostname: string; port: string | number },
) {
  const address = `${hostname}:${port}`;
  if (error.code === 'ECONNREFUSED') return `dial tcp ${address}: connect: connection refused`;
  if (error.code === 'ECONNRESET') return `read tcp ${address}: read: connection reset by peer`;
  return error.message;
}

async function checkExec(
  command: readonly string[],
  target: CheckTarget,
  timeoutMs: number,
): Promise<CheckResult> {
  try {
    const { exitCode, output } = await target.exec(command, { timeoutMs });
    return { ok: exitCode === 0, output };
  } catch (error) {
    if (!(error instanceof ExecTimeoutError)) throw error;
    return {
      ok: false,
      output: `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs / 1000}s`,
    };
  }
}
