import { type FieldError, Verbatim } from './errors.ts';
import { goQuote } from './go-quote.ts';
import type { Kind } from './kinds/kind.ts';

/** `meta.k8s.io/v1` Status, as clients get it for everything that fails. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: StatusMetadata;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

interface StatusMetadata {
  /** With which a list that has come to an end too early may be gone on with. */
  continue?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: { reason?: string; message?: string; field?: string }[];
  retryAfterSeconds?: number;
}

/** A refusal with its HTTP status; the server answers it as a Status. */
export class StatusError extends Error {
  override name = 'StatusError';
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  readonly metadata: StatusMetadata;

  constructor(
    code: number,
    reason: string,
    message: string,
    details?: StatusDetails,
    metadata: StatusMetadata = {},
  ) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.metadata = metadata;
  }

  toStatus(): Status {
    const { code, reason, message, details, metadata } = this;
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata,
      status: 'Failure',
      message,
      ...(reason && { reason }),
      ...(details && { details }),
      code,
    };
  }
}

/** The part of a Kind that errors name. */
export type Named = Pick<Kind, 'group' | 'plural' | 'kind'>;

/** `pods`, `deployments.apps`. */
const qualifiedPlural = ({ group, plural }: Named) => (group ? `${plural}.${group}` : plural);
/** `Pod`, `Deployment.apps`. */
const qualifiedKind = ({ group, kind }: Named) => (group ? `${kind}.${group}` : kind);

function resourceDetails({ group, plural }: Named, name?: string): StatusDetails {
  return { ...(name && { name }), ...(group && { group }), kind: plural };
}

export const notFound = (kind: Named, name: string) =>
  new StatusError(
    404,
    'NotFound',
    `${qualifiedPlural(kind)} "${name}" not found`,
    resourceDetails(kind, name),
  );

/** The path names no resource of a known group and version. */
export const unknownResource = () =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

export const methodNotAllowed = () =>
  new StatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );

export const alreadyExists = (kind: Named, name: string, prefix = '') =>
  new StatusError(
    409,
    'AlreadyExists',
    `${prefix}${qualifiedPlural(kind)} "${name}" already exists`,
    resourceDetails(kind, name),
  );

export const conflict = (kind: Named, name: string, problem: string) =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedPlural(kind)} "${name}": ${problem}`,
    resourceDetails(kind, name),
  );

export const modifiedConflict = (kind: Named, name: string) =>
  conflict(
    kind,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );

/** A precondition of a deletion; it names the kind where other conflicts name the resource. */
export const preconditionConflict = (kind: Named, name: string, problem: string) =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedKind(kind)} "${name}": ${problem}`,
    {
      name,
      ...(kind.group && { group: kind.group }),
      kind: kind.kind,
    },
  );

export const forbidden = (
  kind: Named,
  name: string,
  problem: string,
  causes?: NonNullable<StatusDetails['causes']>,
) =>
  new StatusError(403, 'Forbidden', `${qualifiedPlural(kind)} "${name}" is forbidden: ${problem}`, {
    ...resourceDetails(kind, name),
    ...(causes && { causes }),
  });

export const badRequest = (message: string) => new StatusError(400, 'BadRequest', message);

export const internalError = (message: string) =>
  new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });

export const unauthorized = () => new StatusError(401, 'Unauthorized', 'Unauthorized');

export const notAcceptable = (accepted: readonly string[]) =>
  new StatusError(
    406,
    'NotAcceptable',
    `only the following media types are accepted: ${accepted.join(', ')}`,
    {},
  );

export const unsupportedMediaType = (accepted: readonly string[]) =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

export const entityTooLarge = (limitBytes: number) =>
  new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes}`);

export const timedOut = () =>
  new StatusError(504, 'Timeout', 'Timeout: request did not complete within the allotted timeout', {});

export const expired = (message: string) => new StatusError(410, 'Expired', message);

/** @param next a token with which the rest can be had as it is now */
export const expiredContinue = (next: string) =>
  new StatusError(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list ' +
      'without the continue parameter, or use the continue token in this response to retrieve the remainder of the ' +
      'results. Continuing with the provided token results in an inconsistent list - objects that were created, ' +
      'modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    undefined,
    { continue: next },
  );

export const tooLargeResourceVersion = (wanted: number, current: number) =>
  new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });

/** 422: fields of an object that are refused, in the words of Kubernetes' `field.Error`. */
export function invalid(
  kind: Pick<Kind, 'group' | 'kind'>,
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const texts = errors.map(fieldErrorText);
  const joined = [...new Set(errors.map(({ field }, i) => `${field}: ${texts[i]}`))];
  const summary = joined.length === 1 ? joined[0] : `[${joined.join(', ')}]`;
  const who = kind.group ? `${kind.kind}.${kind.group}` : kind.kind;
  return new StatusError(422, 'Invalid', `${who} "${name}" is invalid: ${summary}`, {
    ...(name && { name }),
    ...(kind.group && { group: kind.group }),
    ...(kind.kind && { kind: kind.kind }),
    causes: errors.map(({ type, field }, i) => ({ reason: type, message: texts[i]!, field })),
  });
}

const PREFIX: Record<FieldError['type'], string> = {
  FieldValueRequired: 'Required value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueNotFound: 'Not found',
};

const NAMES_VALUE = new Set<FieldError['type']>([
  'FieldValueInvalid',
  'FieldValueNotSupported',
  'FieldValueDuplicate',
  'FieldValueTypeInvalid',
  'FieldValueNotFound',
]);

/** `Invalid value: "x": must be …`, without the field. */
function fieldErrorText({ type, value, detail }: FieldError): string {
  const parts = [PREFIX[type]];
  if (NAMES_VALUE.has(type)) parts.push(formatValue(value));
  if (detail) parts.push(detail);
  return parts.filter((part) => part !== '').join(': ');
}

function formatValue(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (value instanceof Verbatim) return value.text;
  return typeof value === 'string' ? goQuote(value) : JSON.stringify(value);
}
