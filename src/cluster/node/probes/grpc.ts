import { type ClientHttp2Session, connect } from 'node:http2';
import type { GRPCAction } from 'kubernetes-types/core/v1.d.ts';

/** How a health check went; the text is what kubelet writes in its event. */
interface Result {
  ok: boolean;
  output: string;
}

const METHOD = '/grpc.health.v1.Health/Check';
const STATUS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const UNIMPLEMENTED = '12';
const MAX_ANSWER_BYTES = 1024;

/**
 * Asks a server by the gRPC health checking protocol (`grpc.health.v1`), over HTTP/2 without TLS as kubelet does.
 * Never rejects.
 */
export function checkGrpc(
  { service }: GRPCAction,
  host: string,
  port: number,
  timeoutMs: number,
): Promise<Result> {
  const address = `${host}:${port}`;
  return new Promise((resolve) => {
    let connected = false;
    const session = connect(`http://${address}`);
    const end = (result: Result) => {
      clearTimeout(timer);
      session.destroy();
      resolve(result);
    };
    const within = `${timeoutMs / 1000}s`;
    const unreachable = () => ({
      ok: false,
      output: `timeout: failed to connect service ${JSON.stringify(address)} within ${within}: context deadline exceeded`,
    });
    const timer = setTimeout(() => {
      end(
        connected
          ? { ok: false, output: `timeout: health rpc did not complete within ${within}` }
          : unreachable(),
      );
    }, timeoutMs);
    session.on('error', () => end(unreachable()));
    session.on('connect', () => {
      connected = true;
    });
    // Without a connection the stream fails too, and may say so first.
    ask(session, service ?? '', (result) => end(connected ? result : unreachable()));
  });
}

function ask(session: ClientHttp2Session, service: string, end: (result: Result) => void): void {
  const stream = session.request({
    ':method': 'POST',
    ':path': METHOD,
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'kube-probe/1.34',
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let code: string | undefined;
  let text = '';
  const take = (headers: Record<string, unknown>) => {
    if (headers['grpc-status'] !== undefined) code = String(headers['grpc-status']);
    if (headers['grpc-message'] !== undefined) text = String(headers['grpc-message']);
  };
  // A refusal may come without a body, and then as headers.
  stream.on('response', take);
  stream.on('trailers', take);
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_ANSWER_BYTES) chunks.push(chunk);
    else stream.close();
  });
  stream.on('error', (error) => end({ ok: false, output: `error: health rpc failed: ${error.message}` }));
  stream.on('close', () => end(resultOf(code, text, Buffer.concat(chunks))));
  stream.end(requestOf(service));
}

function resultOf(code: string | undefined, text: string, answer: Buffer): Result {
  if (code === UNIMPLEMENTED) {
    const output = `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${text}`;
    return { ok: false, output };
  }
  if (code !== '0') return { ok: false, output: `error: health rpc failed: code ${code ?? 'none'}: ${text}` };
  const status = STATUS[statusOf(answer)] ?? 'UNKNOWN';
  if (status === 'SERVING') return { ok: true, output: '' };
  return { ok: false, output: `service unhealthy (responded with ${JSON.stringify(status)})` };
}

/** A gRPC frame (not compressed, length) around `HealthCheckRequest{ string service = 1 }`. */
function requestOf(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** `HealthCheckResponse{ ServingStatus status = 1 }`; a field that has its default, 0, is not sent. */
function statusOf(frame: Buffer): number {
  return frame[5] === 0x08 ? (frame[6] ?? 0) : 0;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}
