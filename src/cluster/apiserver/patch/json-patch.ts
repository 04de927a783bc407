import jsonPatch, { type Operation } from 'fast-json-patch';
import { PatchError } from './error.ts';

const maxOperations = 10_000;

/**
 * The object after a JSON patch (RFC 6902); the argument is not changed.
 * @throws PatchError 400 when it is no list of operations, 413 when it is too long, 422 when one does not apply
 */
export function applyJsonPatch<T>(object: T, operations: unknown): T {
  if (!Array.isArray(operations)) {
    const what = typeof operations === 'object' ? 'object' : typeof operations;
    throw new PatchError(
      400,
      `error decoding patch: json: cannot unmarshal ${what} into Go value of type jsonpatch.Patch`,
    );
  }
  if (operations.length > maxOperations) {
    throw new PatchError(
      413,
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${operations.length}`,
    );
  }
  try {
    return jsonPatch.applyPatch(structuredClone(object), operations as Operation[], true).newDocument;
  } catch {
    // Kubernetes tells no more than this, whichever operation it was.
    throw new PatchError(422, 'the server rejected our request due to an error in our request');
  }
}
