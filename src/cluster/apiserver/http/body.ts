import type { Readable } from 'node:stream';
import { parse as parseYaml } from 'yaml';
import { decodeProtobuf, PROTOBUF } from '../protobuf/index.ts';
import type { Source } from '../rest/source.ts';
import { badRequest, entityTooLarge, unsupportedMediaType } from '../status.ts';

/** Kubernetes' bound for the body of a request. */
const LIMIT_BYTES = 3 * 1024 * 1024;

/** Reads a request's body. @throws StatusError 413 beyond 3 MiB */
export async function readBody(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT_BYTES) throw entityTooLarge(LIMIT_BYTES);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
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
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unrecognized(what, `json parse error: ${(error as Error).message}`, text);
  }
}

export function decodeYaml(bytes: Buffer, what: string): unknown {
  const text = bytes.toString('utf8');
  try {
    return parseYaml(text, { uniqueKeys: false, maxAliasCount: 100 });
  } catch (error) {
    throw unrecognized(what, `yaml parse error: ${(error as Error).message}`, text);
  }
}

const unrecognized = (what: string, problem: string, text: string) =>
  badRequest(
    `the object provided is unrecognized (must be of type ${what}): couldn't get version/kind; ${problem} ` +
      `(${text === '' ? '<empty>' : text.slice(0, 300)})`,
  );
