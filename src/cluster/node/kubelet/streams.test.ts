import { once } from 'node:events';
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocket } from 'ws';
import { Pods } from '../../../api/index.ts';
import { hasTerminals } from '../runtime/process/terminal.ts';
import { SpdyClient } from '../streams/spdy/testing.ts';
import { isReady, KUBELET_TOKEN, NodeHarness, until } from '../testing/harness.ts';

const terminals = await hasTerminals();
let harness: NodeHarness;
/** A program of the pod that sends back what it gets, once that has ended. */
let echo: Server;
let port: number;

beforeAll(async () => {
  harness = await NodeHarness.create('127.76.0.0/16');
  await harness.start();
  await harness.run('box', {
    command: ['sh', '-c', 'while [ ! -e go ]; do sleep 0.02; done; printf prompt\\>; exec sleep 1000'],
    env: [{ name: 'COLOR', value: 'red' }],
  });
  await harness.run('sham', {}, {}, { 'kanari.dev/simulate': '{}' });
  await until(() => isReady(harness.pod('box')) && isReady(harness.pod('sham')));
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => socket.end(Buffer.concat(chunks)));
  });
  echo.listen(0, harness.pod('box').status!.podIP);
  await once(echo, 'listening');
  port = (echo.address() as { port: number }).port;
});
afterAll(async () => {
  echo.close();
  await harness.dispose();
});

const authorization = `Bearer ${KUBELET_TOKEN}`;
const base = () => `127.0.0.1:${harness.node?.kubeletPort}`;
function query(params: Record<string, string | string[]>): URLSearchParams {
  const result = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const each of [value].flat()) result.append(name, each);
  }
  return result;
}
const sh = (script: string) => ({ command: ['sh', '-c', script], stdout: 'true', stderr: 'true' });

/** A client that speaks WebSocket and collects messages by channel. */
class WebSocketClient {
  readonly channels: Record<number, string> = {};
  readonly closed: Promise<unknown>;
  readonly socket: WebSocket;

  constructor(path: string, protocols: string[]) {
    this.socket = new WebSocket(`ws://${base()}${path}`, protocols, { headers: { authorization } });
    const isBase64 = protocols[0]?.includes('base64');
    this.socket.on('message', (message: Buffer) => {
      const channel = isBase64 ? Number(message.toString('latin1', 0, 1)) : message[0]!;
      const data = isBase64 ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1);
      this.channels[channel] = `${this.channels[channel] ?? ''}${data.toString('latin1')}`;
    });
    this.closed = once(this.socket, 'close');
  }

  outcome() {
    return JSON.parse(this.channels[3] ?? '');
  }
}

async function spdy(path: string, version: string): Promise<{ client: SpdyClient; socket: Duplex }> {
  const outgoing = request(`http://${base()}${path}`, {
    method: 'POST',
    headers: {
      authorization,
      connection: 'Upgrade',
      upgrade: 'SPDY/3.1',
      'x-stream-protocol-version': version,
    },
  }).end();
  const [response, socket, head] = await once(outgoing, 'upgrade');
  expect(response.headers['x-stream-protocol-version']).toBe(version);
  if (head.length > 0) socket.unshift(head);
  const client = new SpdyClient(socket);
  client.ended.catch(() => {});
  return { client, socket };
}

/** The answer to a request to upgrade that is not granted. */
async function refusal(path: string, headers: Record<string, string> = {}): Promise<[number, string]> {
  const outgoing = request(`http://${base()}${path}`, {
    headers: {
      authorization,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
      ...headers,
    },
  }).end();
  const [response] = await once(outgoing, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return [response.statusCode, text];
}

const nonZero = (code: number) => ({
  status: 'Failure',
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
});

describe('exec over WebSocket', () => {
  it.each(['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io'])('%s', async (protocol) => {
    const path = `/exec/default/box/main?${query(sh('echo $COLOR; echo oops >&2; exit 7'))}`;
    const client = new WebSocketClient(path, [protocol]);
    await client.closed;
    expect(client.socket.protocol).toBe(protocol);
    expect(client.channels).toMatchObject({ 1: 'red\n', 2: 'oops\n' });
    expect(client.outcome()).toMatchObject(nonZero(7));
  });

  it('tells the first version of failures in words', async () => {
    const client = new WebSocketClient(`/exec/default/box/main?${query(sh('exit 7'))}`, ['channel.k8s.io']);
    await client.closed;
    expect(client.channels[3]).toBe('command terminated with non-zero exit code: exit status 7');
    const other = new WebSocketClient(`/exec/default/box/main?${query(sh('exit 0'))}`, []);
    await other.closed;
    expect(other.channels[3]).toBeUndefined();
  });

  it('ends the input when the client closes its channel', async () => {
    const path = `/exec/default/box/main?${query({ ...sh('cat'), stdin: 'true' })}`;
    const client = new WebSocketClient(path, ['v5.channel.k8s.io']);
    await once(client.socket, 'open');
    client.socket.send(Buffer.from('\0some input'));
    client.socket.send(Buffer.from([255, 0]));
    await client.closed;
    expect(client.channels[1]).toBe('some input');
    expect(client.outcome()).toEqual({ metadata: {}, status: 'Success' });
  });

  it.runIf(terminals)('sets the size of a terminal', async () => {
    const script = 'until test "$(stty size)" = "11 77"; do sleep 0.02; done; echo sized';
    const path = `/exec/default/box/main?${query({ ...sh(script), stdin: 'true', tty: 'true' })}`;
    const client = new WebSocketClient(path, ['v4.channel.k8s.io']);
    await once(client.socket, 'open');
    client.socket.send('\x04{"Width":77,"Height":11}\n');
    await client.closed;
    expect(client.channels[1]).toBe('sized\r\n');
  });

  it('says what cannot be started', async () => {
    const missing = new WebSocketClient(
      `/exec/default/box/main?${query({ command: 'nowhere', stdout: '1', stderr: '1' })}`,
      ['v4.channel.k8s.io'],
    );
    await missing.closed;
    expect(missing.channels[2]).toContain('exec: "nowhere": executable file not found in $PATH');
    expect(missing.outcome()).toMatchObject(nonZero(127));
    const sham = new WebSocketClient(`/exec/default/sham/main?${query(sh('true'))}`, ['v4.channel.k8s.io']);
    await sham.closed;
    expect(sham.outcome()).toMatchObject({
      status: 'Failure',
      code: 500,
      message: 'Internal error occurred: a simulated container runs no commands',
    });
  });
});

describe('exec over SPDY', () => {
  it('has a stream for each of its own', async () => {
    const path = `/exec/default/box/main?${query({ ...sh('cat; echo oops >&2; exit 7'), stdin: 'true' })}`;
    const { client } = await spdy(path, 'v4.channel.k8s.io');
    const [error, stdin, stdout, stderr] = [
      await client.open({ streamtype: 'error' }),
      await client.open({ streamtype: 'stdin' }),
      await client.open({ streamtype: 'stdout' }),
      await client.open({ streamtype: 'stderr' }),
    ];
    client.send(stdin, 'some input', true);
    await client.ended;
    expect(client.received(stdout)).toEqual({ text: 'some input', fin: true });
    expect(client.received(stderr)).toEqual({ text: 'oops\n', fin: true });
    expect(JSON.parse(client.received(error).text)).toMatchObject(nonZero(7));
  });
});

describe('attach', () => {
  it('gives what is written from then on, unfinished lines too', async () => {
    const client = new WebSocketClient(`/attach/default/box/main?${query({ stdout: '1' })}`, [
      'v4.channel.k8s.io',
    ]);
    await until(() => client.channels[1] !== undefined);
    const touch = new WebSocketClient(`/exec/default/box/main?${query(sh('touch go'))}`, [
      'v4.channel.k8s.io',
    ]);
    await touch.closed;
    await until(() => client.channels[1] === 'prompt>');
    client.socket.close();
    await client.closed;
  });
});

describe('attach to a container with an input', () => {
  const attach = (pod: string, params: Record<string, string>) =>
    new WebSocketClient(`/attach/default/${pod}/main?${query({ stdin: '1', stdout: '1', ...params })}`, [
      'v5.channel.k8s.io',
    ]);

  it('lets one client after another write to it', async () => {
    await harness.run('asks', {
      command: ['sh', '-c', 'read a; echo "<$a>"; read b; echo "<$b>"'],
      stdin: true,
    });
    await until(() => isReady(harness.pod('asks')));
    for (const word of ['one', 'two']) {
      const client = attach('asks', {});
      await once(client.socket, 'open');
      client.socket.send(`\0${word}\n`);
      await until(() => client.channels[1] === `<${word}>\n`);
      client.socket.close();
      await client.closed;
    }
  });

  it('ends the input with the first client where stdinOnce says so', async () => {
    await harness.run(
      'once',
      { command: ['sh', '-c', 'cat; echo done'], stdin: true, stdinOnce: true },
      { restartPolicy: 'Never' },
    );
    await until(() => isReady(harness.pod('once')));
    const client = attach('once', {});
    await once(client.socket, 'open');
    client.socket.send('\0some input\n');
    client.socket.send(Buffer.from([255, 0]));
    await client.closed;
    const success = JSON.stringify({ metadata: {}, status: 'Success' });
    expect(client.channels).toEqual({ 1: 'some input\ndone\n', 3: success });
    await until(() => harness.pod('once').status?.phase === 'Succeeded');
  });

  it.runIf(terminals)('gives it a terminal', async () => {
    await harness.run(
      'shell',
      { command: ['sh'], env: [{ name: 'PS1', value: '> ' }], stdin: true, stdinOnce: true, tty: true },
      { restartPolicy: 'Never' },
    );
    await until(() => isReady(harness.pod('shell')));
    const client = attach('shell', { tty: '1' });
    await once(client.socket, 'open');
    client.socket.send('\x04{"Width":77,"Height":11}');
    client.socket.send(
      '\0until test "$(stty size)" = "11 77"; do sleep 0.02; done; test -t 2; echo "[$?]"; exit 3\r',
    );
    await client.closed;
    expect(client.channels[1]).toContain('[0]\r\n');
    await until(() => harness.pod('shell').status?.phase === 'Failed');
    const [state] = harness.pod('shell').status!.containerStatuses!;
    expect(state!.state?.terminated?.exitCode).toBe(3);
  });
});

describe('port-forward', () => {
  const open = async (client: SpdyClient, wanted: number, requestid: string) => {
    const headers = { port: String(wanted), requestid };
    const error = await client.open({ ...headers, streamtype: 'error' });
    client.send(error, '', true);
    return { error, data: await client.open({ ...headers, streamtype: 'data' }) };
  };

  const expectEcho = async (client: SpdyClient) => {
    const first = await open(client, port, '0');
    const second = await open(client, port, '1');
    client.send(second.data, 'second');
    client.send(first.data, 'first', true);
    await until(() => client.received(first.data).fin);
    expect(client.received(first.data).text).toBe('first');
    expect(client.received(second.data)).toEqual({ text: '', fin: false });
    client.send(second.data, '', true);
    await until(() => client.received(second.data).fin);
    expect(client.received(second.data).text).toBe('second');
    expect(client.received(first.error)).toEqual({ text: '', fin: true });
  };

  it('carries connections over SPDY', async () => {
    const { client, socket } = await spdy('/portForward/default/box', 'portforward.k8s.io');
    await expectEcho(client);
    socket.destroy();
  });

  it('carries connections over SPDY within a WebSocket', async () => {
    const protocol = 'SPDY/3.1+portforward.k8s.io';
    const socket = new WebSocket(`ws://${base()}/portForward/default/box`, {
      headers: { authorization, 'sec-websocket-protocol': protocol },
    });
    // Such a name is none that `ws` itself would ask for, or take.
    socket.on('upgrade', ({ headers }) => {
      expect(headers['sec-websocket-protocol']).toBe(protocol);
      delete headers['sec-websocket-protocol'];
    });
    const client = new SpdyClient(createWebSocketStream(socket));
    client.ended.catch(() => {});
    await expectEcho(client);
    socket.close();
  });

  it('tells of a port on which nobody listens', async () => {
    const { client, socket } = await spdy('/portForward/default/box', 'portforward.k8s.io');
    const { error } = await open(client, 9, '0');
    await until(() => client.received(error).fin);
    expect(client.received(error).text).toMatch(
      /^error forwarding port 9 to pod default\/box, uid \S+: .*connect: connection refused$/,
    );
    socket.destroy();
  });

  it('carries one connection over the channels of a WebSocket', async () => {
    const server = createServer((socket) => socket.end('hello')).listen(0, harness.pod('box').status!.podIP);
    await once(server, 'listening');
    const own = (server.address() as { port: number }).port;
    const client = new WebSocketClient(`/portForward/default/box?ports=${own}`, ['v4.channel.k8s.io']);
    await client.closed;
    const number = String.fromCharCode(own & 0xff, own >> 8);
    expect(client.channels).toEqual({ 0: `${number}hello`, 1: number });
    server.close();
  });

  it('ends with its pod', async () => {
    await harness.run('brief', { command: ['sleep', '1000'] }, { terminationGracePeriodSeconds: 0 });
    await until(() => isReady(harness.pod('brief')));
    const { client } = await spdy('/portForward/default/brief', 'portforward.k8s.io');
    await open(client, 9, '0');
    await harness.api.delete({ type: Pods, namespace: 'default', name: 'brief' }, { gracePeriodSeconds: 0 });
    await client.ended.catch(() => {});
  });
});

it.each([
  ['/exec/default/nobody/main?command=ls&stdout=1', 404, 'pod does not exist'],
  ['/exec/default/box/other?command=ls&stdout=1', 500, 'container not found ("other")'],
  ['/attach/default/box/other?stdout=1', 500, 'container not found ("other")'],
  ['/exec/default/box/main?command=ls', 400, 'you must specify at least 1 of stdin, stdout, stderr'],
  ['/exec/default/box/main?stdout=1', 400, 'you must specify at least one command for the container'],
  ['/portForward/default/box?ports=http', 400, 'port "http" is not a number from 1 to 65535'],
  ['/containerLogs/default/box/main', 404, '404 page not found'],
])('%s is refused', async (path, status, message) => {
  expect(await refusal(path)).toEqual([status, message]);
});

it.each([
  ['/exec/default/box/other?command=ls&stdout=1', 'container not found ("other")'],
  ['/attach/default/box/other?stdout=1', 'container not found ("other")'],
  ['/exec/default/nobody/main?command=ls&stdout=1', 'pod does not exist'],
])('%s fails after the upgrade in version 5', async (path, message) => {
  const client = new WebSocketClient(path, ['v5.channel.k8s.io']);
  await client.closed;
  expect(client.outcome()).toMatchObject({
    status: 'Failure',
    message: `Internal error occurred: unable to upgrade connection: ${message}`,
    code: 500,
  });
});

it('refuses clients without the token, and those that speak another protocol', async () => {
  const path = '/exec/default/box/main?command=ls&stdout=1';
  expect(await refusal(path, { authorization: 'Bearer wrong' })).toEqual([401, 'Unauthorized']);
  expect(await refusal(path, { 'sec-websocket-protocol': 'chat' })).toEqual([
    403,
    expect.stringContaining('client supports [chat], server accepts [v5.channel.k8s.io'),
  ]);
  expect(await refusal(path, { upgrade: 'h2c' })).toEqual([
    400,
    'unable to upgrade: protocol "h2c" is not supported; supported: websocket, SPDY/3.1',
  ]);
  expect(await refusal(path, { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v9' })).toEqual([
    403,
    expect.stringContaining('client supports [v9]'),
  ]);
});
