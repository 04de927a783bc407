/** Reads bodies in Kubernetes' protobuf encoding: what kubectl and other Go clients send for built-in kinds. */
import { badRequest, unsupportedMediaType } from '../status.ts';
import { type Envelope, openEnvelope } from './envelope.ts';
import { ProtobufError } from './error.ts';
import { decodeMessage } from './message.ts';
import { apiVersionsOf, messageOf } from './messages.ts';

export { bytesField, doubleField, intField } from './writer.ts';

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/**
 * Decodes a body into the object that its JSON would be. Kinds that have no protobuf, custom resources among them, are
 * refused as an unsupported media type.
 * @param what the kind that the URL is for; a body that names no kind holds it
 * @throws StatusError 400 or 415
 */
export function decodeProtobuf(bytes: Buffer, what: string): unknown {
  const envelope = attempt(
    () => openEnvelope(bytes),
    (problem) =>
      `the object provided is unrecognized (must be of type ${what}): ${problem} (${summary(bytes)})`,
  );
  const { apiVersion, kind, message } = typeOf(envelope, what);
  const object = attempt(
    () => decodeMessage(envelope.raw, message),
    (problem) =>
      `${kind} in version ${JSON.stringify(apiVersion)} cannot be handled as a ${what}: ${problem}`,
  );
  return { ...object, kind, apiVersion };
}

function typeOf(envelope: Envelope, what: string) {
  const kind = envelope.kind || what;
  const known = apiVersionsOf(kind);
  if (known.length === 0) throw unsupportedMediaType(['application/json', 'application/yaml']);
  // Options come in the version of what they are for.
  const options = kind.endsWith('Options');
  const apiVersion = envelope.apiVersion || known[0]!;
  const group = options ? known[0]! : apiVersion;
  if (!known.includes(group)) {
    throw badRequest(
      `${kind} in version ${JSON.stringify(apiVersion)} cannot be handled as a ${what}: no kind ${JSON.stringify(kind)} ` +
        `is registered for version ${JSON.stringify(apiVersion)}; allowed are ${known.join(', ')}`,
    );
  }
  return { apiVersion, kind, message: messageOf(`${group}.${kind}`) };
}

function attempt<T>(decode: () => T, explain: (problem: string) => string): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ProtobufError) throw badRequest(explain(error.message));
    throw error;
  }
}

const SUMMARY_BYTES = 30;

/** The beginning of a body that cannot be read, in hexadecimal. */
function summary(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>';
  const hex = bytes.subarray(0, SUMMARY_BYTES).toString('hex');
  return bytes.length > SUMMARY_BYTES ? `${hex} ...` : hex;
}
