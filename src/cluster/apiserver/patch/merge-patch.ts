import { mergePatch } from '../../../api/index.ts';
import { isObject } from '../schema/json.ts';
import { PatchError } from './error.ts';

/**
 * The object after a JSON merge patch (RFC 7386); the argument is not changed.
 * @throws PatchError 400 when the patch is no object
 */
export function applyMergePatch<T>(object: T, patch: unknown): T {
  if (!isObject(patch)) throw new PatchError(400, 'error decoding patch: a merge patch is a JSON object');
  return mergePatch(object, patch);
}
