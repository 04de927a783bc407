import jsonPatch, { type Operation } from 'fast-json-patch';
import { PatchError } from './error.ts';

const maxOperations = 10_000;
/** How many bytes the `copy` operations of a patch may copy, all together: each may double the object. */
const maxCopiedBytes = 3 * 1024 * 1024;

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
    return applyAll(structuredClone(object), operations as Operation[]);
  } catch {
    // Kubernetes tells no more than this, whichever operation it was.
    throw new PatchError(422, 'the server rejected our request due to an error in our request');
  }
}

function applyAll<T>(object: T, operations: readonly Operation[]): T {
  let document = object;
  let copied = 0;
  for (const [index, operation] of operations.entries()) {
    if (operation?.op === 'copy') {
      copied += JSON.stringify(jsonPatch.getValueByPointer(document, operation.from) ?? null).length;
      if (copied > maxCopiedBytes) throw new RangeError('the patch copies too much');
    }
    document = jsonPatch.applyOperation(document, operation, true, true, true, index).newDocument;
  }
  return document;
}
