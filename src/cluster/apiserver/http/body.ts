import type { Readable } from 'node:stream';
import { parse as parseYaml, type Tags } from 'yaml';
import { jsonSyntaxProblem } from '../json-syntax.ts';
import { decodeProtobuf, PROTOBUF } from '../protobuf/index.ts';
import { isTooDeep, MOST_LEVELS } from '../rest/depth.ts';
import type { Source } from '../rest/source.ts';
import { isObject } from '../schema/json.ts';
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

/** Kubernetes reads YAML 1.1 without its times and numbers to the base of 60: `yes` is true, `0777` octal. */
const YAML_OPTIONS = {
  uniqueKeys: false,
  maxAliasCount: 100,
  version: '1.1',
  customTags: (tags: Tags) => tags.filter((tag) => typeof tag === 'string' || isRead(tag)),
} as const;

const UNREAD_TYPES = /:(timestamp|binary|omap|pairs|set)$/;
const isRead = (tag: Exclude<Tags[number], string>) =>
  !UNREAD_TYPES.test(tag.tag) && !('format' in tag && tag.format === 'TIME');

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
  return objectOrNothing(decode(bytes, what), (problem) =>
    unrecognized(what, `json parse error: ${problem}`, bytes),
  );
}

/** Reads JSON that is an object, or null. */
export function parseObject(bytes: Buffer, refuse: (problem: string) => Error): unknown {
  return objectOrNothing(parseJson(bytes, refuse), refuse);
}

function objectOrNothing(value: unknown, refuse: (problem: string) => Error): unknown {
  if (isObject(value) || value === null || value === undefined) return value;
  throw refuse(cannotUnmarshal(value, TYPE_META));
}

/** Into what kube-apiserver reads an object first. */
const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** What Go's decoder says of a whole value that is of another type. */
export function cannotUnmarshal(value: unknown, type: string): string {
  const actual = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return `json: cannot unmarshal ${actual} into Go value of type ${type}`;
}

/** The text of a body, for messages about it; undefined when it is not text. */
export function sourceOf(bytes: Buffer, contentType: string | undefined): Source | undefined {
  const type = mediaType(contentType);
  if (type === 'application/json') return { format: 'json', text: bytes.toString('utf8') };
  return type === 'application/yaml' ? { format: 'yaml', text: bytes.toString('utf8') } : undefined;
}

export function decodeJson(bytes: Buffer, what: string): unknown {
  const value = parseJson(bytes, (problem) => unrecognized(what, `json parse error: ${problem}`, bytes));
  return bounded(value, what, bytes);
}

/** Reads JSON; what cannot be read is refused with what Go's decoder says of it. */
export function parseJson(bytes: Buffer, refuse: (problem: string) => Error): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw refuse(jsonSyntaxProblem(bytes) ?? (error as Error).message);
  }
}

export function decodeYaml(bytes: Buffer, what: string): unknown {
  const text = bytes.toString('utf8');
  // Every JSON text is YAML, and what most clients apply is JSON, which is read a hundred times faster as such.
  const json = /^\s*\{/.test(text) ? tryJson(text) : undefined;
  if (json !== undefined) return bounded(json, what, bytes);
  let value: unknown;
  try {
    value = parseYaml(text, YAML_OPTIONS);
  } catch (error) {
    // The parser reads nested lists and objects by recursion, and runs out of stack.
    if (/call stack/.test((error as Error).message)) throw tooDeep(what, bytes);
    throw unrecognized(what, `yaml parse error: ${(error as Error).message}`, bytes);
  }
  // Aliases may nest more than the text shows, without end even.
  if (isTooDeep(value)) throw tooDeep(what, bytes);
  return value;
}

/** @throws StatusError 400 for a value that is nested too deeply */
function bounded(value: unknown, what: string, bytes: Buffer): unknown {
  if (bytes.length > 2 * MOST_LEVELS && isTooDeep(value)) throw tooDeep(what, bytes);
  return value;
}

const tooDeep = (what: string, bytes: Buffer) =>
  unrecognized(what, `exceeded max depth of ${MOST_LEVELS} levels`, bytes);

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unrecognized = (what: string, problem: string, bytes: Buffer) =>
  badRequest(
    `the object provided is unrecognized (must be of type ${what}): couldn't get version/kind; ${problem} ` +
      `(${summarized(bytes)})`,
  );

/** So many bytes of a body are quoted. */
const QUOTED_BYTES = 30;

/** The beginning of a body: as text when it may be JSON, else in hexadecimal digits. */
function summarized(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>';
  const quoted = bytes.subarray(0, QUOTED_BYTES).toString(bytes[0] === 0x7b ? 'utf8' : 'hex');
  return bytes.length > QUOTED_BYTES ? `${quoted} ...` : quoted;
}
