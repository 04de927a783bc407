import type { Readable } from 'node:stream';
import { parse as parseYaml } from 'yaml';
import { decodeProtobuf, PROTOBUF } from '../protobuf/index.ts';
import { isTooDeep, MOST_LEVELS } from '../rest/depth.ts';
import type { Source } from '../rest/source.ts';
import { badRequest, entityTooLarge, timedOut, unsupportedMediaType } from '../status.ts';

/** Kubernetes' bound for the body of a request. */
const LIMIT_BYTES = 3 * 1024 * 1024;

/** Kubernetes' bound for the time that a request may take. */
const TIMEOUT_MS = 60_000;
/** How long the rest of a refused body is thrown away before the connection is broken off. */
const DISCARD_MS = 5_000;

/**
 * Reads a request's body. The rest of a refused one is thrown away for a while, so that a client that is still sending
 * gets to read the answer.
 * @param declared the Content-Length header
 * @throws StatusError 413 beyond 3 MiB, 504 when it does not come in time
 */
export function readBody(stream: Readable, declared?: string, timeoutMs = TIMEOUT_MS): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = () => {
      clearTimeout(timer);
      stream.off('data', onData).off('end', onEnd).off('error', onClose).off('close', onClose);
    };
    const refuse = (error: Error) => {
      settle();
      reject(error);
      discard(stream);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > LIMIT_BYTES) refuse(entityTooLarge(LIMIT_BYTES));
      else chunks.push(chunk);
    };
    const onEnd = () => {
      settle();
      resolve(Buffer.concat(chunks));
    };
    // Also for a connection that was reset: that is the client's doing, not a failure of the server.
    const onClose = () => {
      settle();
      reject(badRequest('the body of the request is not complete: the connection was closed'));
    };
    const timer = setTimeout(() => refuse(timedOut()), timeoutMs).unref();
    if (Number(declared) > LIMIT_BYTES) {
      refuse(entityTooLarge(LIMIT_BYTES));
      return;
    }
    if (stream.destroyed) {
      onClose();
      return;
    }
    stream.on('data', onData).on('end', onEnd).on('error', onClose).on('close', onClose);
  });
}

function discard(stream: Readable): void {
  const cut = setTimeout(() => stream.destroy(), DISCARD_MS).unref();
  stream.once('end', () => clearTimeout(cut));
  stream.once('close', () => clearTimeout(cut));
  stream.on('error', () => {});
  stream.resume();
}

type Decoder = (bytes: Buffer, what: string) => unknown;

/** Decoders by media type. */
const DECODERS: Record<string, Decoder> = {
  'application/json': decodeJson,
  'application/yaml': decodeYaml,
  [PROTOBUF]: decodeProtobuf,
};

/** The media types that objects may be sent in. */
const OBJECT_TYPES: readonly string[] = Object.keys(DECODERS);

/** The media type of a Content-Type header, without its parameters. */
export const mediaType = (header: string | undefined) =>
  header?.split(';')[0]?.trim().toLowerCase() || 'application/json';

/**
 * Decodes a body. `what` is named in messages, e.g. `ConfigMap`.
 * @throws StatusError 415 for other media types, 400 when the body cannot be read
 */
export function decodeBody(bytes: Buffer, contentType: string | undefined, what: string): unknown {
  const decode = DECODERS[mediaType(contentType)];
  if (!decode) throw unsupportedMediaType(OBJECT_TYPES);
  return decode(bytes, what);
}

/** The text of a body, for messages about it; undefined when it is not text. */
export function sourceOf(bytes: Buffer, contentType: string | undefined): Source | undefined {
  const type = mediaType(contentType);
  if (type === 'application/json') return { format: 'json', text: bytes.toString('utf8') };
  return type === 'application/yaml' ? { format: 'yaml', text: bytes.toString('utf8') } : undefined;
}

export function decodeJson(bytes: Buffer, what: string): unknown {
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unrecognized(what, `json parse error: ${(error as Error).message}`, text);
  }
  return bounded(value, what, text);
}

export function decodeYaml(bytes: Buffer, what: string): unknown {
  const text = bytes.toString('utf8');
  // Every JSON text is YAML, and what most clients apply is JSON, which is read a hundred times faster as such.
  const json = /^\s*\{/.test(text) ? tryJson(text) : undefined;
  if (json !== undefined) return bounded(json, what, text);
  let value: unknown;
  try {
    value = parseYaml(text, { uniqueKeys: false, maxAliasCount: 100 });
  } catch (error) {
    // The parser reads nested lists and objects by recursion, and runs out of stack.
    if (/call stack/.test((error as Error).message)) throw tooDeep(what, text);
    throw unrecognized(what, `yaml parse error: ${(error as Error).message}`, text);
  }
  // Aliases may nest more than the text shows, without end even.
  if (isTooDeep(value)) throw tooDeep(what, text);
  return value;
}

/** @throws StatusError 400 for a value that is nested too deeply */
function bounded(value: unknown, what: string, text: string): unknown {
  if (text.length > 2 * MOST_LEVELS && isTooDeep(value)) throw tooDeep(what, text);
  return value;
}

const tooDeep = (what: string, text: string) =>
  unrecognized(what, `exceeded max depth of ${MOST_LEVELS} levels`, text);

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unrecognized = (what: string, problem: string, text: string) =>
  badRequest(
    `the object provided is unrecognized (must be of type ${what}): couldn't get version/kind; ${problem} ` +
      `(${text === '' ? '<empty>' : text.slice(0, 300)})`,
  );
