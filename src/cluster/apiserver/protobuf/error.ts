/** A body that is no message of its type. */
export class ProtobufError extends Error {
  override name = 'ProtobufError';
}
