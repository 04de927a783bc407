import type { SubresourceHandler } from '../http/context.ts';
import { badRequest, StatusError } from '../status.ts';

type Json = Record<string, unknown>;

/**
 * The body of a request to a subresource with a kind of its own; kind and version may be left out.
 * @param versions the versions of the kind that are taken, e.g. `policy/v1`
 * @throws StatusError 400 for a body of another kind
 */
export function ownKind<T>(
  body: unknown,
  { kind }: Pick<SubresourceHandler['kind'], 'kind'>,
  versions: readonly string[],
): T {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw badRequest(`the body is no ${kind}: an object is needed`);
  }
  const given = body as Json;
  const version = String(given.apiVersion || versions[0]);
  if ((given.kind && given.kind !== kind) || !versions.includes(version)) {
    const [expected] = versions;
    throw badRequest(
      `no kind ${JSON.stringify(given.kind || kind)} is registered for version ${JSON.stringify(version)}: ` +
        `a ${kind} of ${JSON.stringify(expected)} is needed`,
    );
  }
  return body as T;
}

/** Refuses a body that names another object than the URL does. @throws StatusError 400 */
export function checkName(body: { metadata?: { name?: string } }, name: string, what: string): void {
  const given = body.metadata?.name;
  if (given && given !== name) {
    throw new StatusError(
      400,
      'BadRequest',
      `name in URL does not match name in ${what} object: ${name} != ${given}`,
    );
  }
}
