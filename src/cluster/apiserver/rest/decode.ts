import type { KubeObject } from '../../../api/index.ts';
import type { Kind } from '../kinds/kind.ts';
import { applyDefaults, prune, validateSchema } from '../schema/index.ts';
import { badRequest } from '../status.ts';
import { apiVersionOfKind } from './core.ts';
import type { WriteOptions } from './options.ts';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What decoding needs to know of the request. */
export interface DecodeContext {
  options: Pick<WriteOptions, 'fieldValidation'>;
  /** Built-in kinds may leave out `kind` and `apiVersion`; custom resources may not. */
  custom: boolean;
  /** Adds a Warning header to the answer. */
  warn(text: string): void;
}

/**
 * Turns what a client sent, or what a patch made, into an object of the kind: unknown fields are dropped and
 * reported as `fieldValidation` says, defaults are filled in.
 * @throws StatusError 400
 */
export function decodeObject(kind: Kind, value: unknown, context: DecodeContext): KubeObject {
  return applyAllDefaults(kind, decodeFields(kind, value, context));
}

/** Like `decodeObject`, without the defaults: what server-side apply calls the applied configuration. */
export function decodeFields(kind: Kind, value: unknown, context: DecodeContext): KubeObject {
  const apiVersion = apiVersionOfKind(kind);
  const refuse = (problem: string) =>
    badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${problem}`);
  if (!isObject(value)) throw refuse(`the body is ${describe(value)}, an object is needed`);
  checkKind(kind, value, context, refuse);
  const { object, unknown } = prune({ ...value, kind: kind.kind, apiVersion }, kind.schema);
  reportUnknown(unknown, context, refuse);
  checkTypes(kind, object, context, refuse);
  return object as KubeObject;
}

/** Defaults of the schema, then those of the strategy. */
export function applyAllDefaults(kind: Kind, object: KubeObject): KubeObject {
  const defaulted = applyDefaults(object, kind.schema) as KubeObject;
  return kind.strategy.defaults?.(defaulted) ?? defaulted;
}

function checkKind(
  kind: Kind,
  value: Record<string, unknown>,
  { custom }: DecodeContext,
  refuse: (problem: string) => Error,
): void {
  const apiVersion = apiVersionOfKind(kind);
  if (custom && !value.kind) throw refuse(`Object 'Kind' is missing in '${JSON.stringify(value)}'`);
  if (custom && !value.apiVersion) {
    throw refuse(`Object 'apiVersion' is missing in '${JSON.stringify(value)}'`);
  }
  if (value.kind && value.kind !== kind.kind) {
    throw badRequest(
      `${String(value.kind)} in version "${String(value.apiVersion ?? kind.version)}" cannot be handled as a ` +
        `${kind.kind}: the kind in the body does not match that of the URL`,
    );
  }
  if (value.apiVersion && value.apiVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${String(value.apiVersion)}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (value.metadata !== undefined && value.metadata !== null && !isObject(value.metadata)) {
    throw refuse(`metadata is ${describe(value.metadata)}, an object is needed`);
  }
}

function reportUnknown(
  unknown: readonly string[],
  { options, warn }: DecodeContext,
  refuse: (problem: string) => Error,
): void {
  if (unknown.length === 0 || options.fieldValidation === 'Ignore') return;
  const texts = unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (options.fieldValidation === 'Strict') throw refuse(`strict decoding error: ${texts.join(', ')}`);
  for (const text of texts) warn(text);
}

const UNREADABLE = new Set(['FieldValueTypeInvalid', 'FieldValueInvalid']);

/** A built-in kind does not decode when a field has the wrong type or format; a custom resource is then invalid. */
function checkTypes(
  kind: Kind,
  object: object,
  { custom }: DecodeContext,
  refuse: (problem: string) => Error,
): void {
  if (custom) return;
  const wrong = validateSchema(object, kind.schema).find(({ type }) => UNREADABLE.has(type));
  if (wrong) throw refuse(`${wrong.field}: ${wrong.detail}`);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
