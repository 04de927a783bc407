import type { KubeObject } from '../../../api/index.ts';
import type { Kind } from '../kinds/kind.ts';
import { applyDefaults, prune } from '../schema/index.ts';
import { badRequest } from '../status.ts';
import { apiVersionOfKind } from './core.ts';
import { findMisfit, type Misfit } from './misfit.ts';
import type { WriteOptions } from './options.ts';
import { duplicateFields, endOfField, type Source } from './source.ts';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What decoding needs to know of the request. */
export interface DecodeContext {
  options: Pick<WriteOptions, 'fieldValidation'>;
  /** Built-in kinds may leave out `kind` and `apiVersion`; custom resources may not. */
  custom: boolean;
  /** The text that the object was decoded from; undefined for protobuf and what a patch makes. */
  source?: Source | undefined;
  /** How an object that cannot be read is refused. Default: 400, naming the kind. */
  refuse?(problem: string): Error;
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
  const given = value === null && !context.custom ? {} : value;
  if (!isObject(given)) throw refuse(`the body is ${describe(given)}, an object is needed`);
  checkKind(kind, given, context, refuse);
  const { object, unknown } = prune({ ...given, kind: kind.kind, apiVersion }, kind.schema);
  const misfit = context.custom ? undefined : findMisfit(object, kind.schema);
  const refuseDecoded = context.refuse ?? refuse;
  if (misfit) throw refuseDecoded(misfitText(kind, misfit, context));
  reportUnwanted(unknown, context, refuseDecoded);
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
  const given = { kind: value.kind || kind.kind, apiVersion: value.apiVersion || apiVersion };
  if (!custom && (given.kind !== kind.kind || given.apiVersion !== apiVersion)) {
    const version = String(given.apiVersion);
    throw badRequest(
      `${String(given.kind)} in version "${version.slice(version.indexOf('/') + 1)}" cannot be handled as a ` +
        `${kind.kind}: no kind "${String(given.kind)}" is registered for version "${version}" in scheme ` +
        '"pkg/runtime/scheme.go:110"',
    );
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

/** Fields that there are not, and fields that are there twice. */
function reportUnwanted(
  unknown: readonly string[],
  { options, source, warn }: DecodeContext,
  refuse: (problem: string) => Error,
): void {
  if (options.fieldValidation === 'Ignore') return;
  const texts = [
    ...(source ? duplicateFields(source) : []),
    ...unknown.map((field) => `unknown field ${JSON.stringify(field)}`),
  ];
  if (texts.length === 0) return;
  if (options.fieldValidation === 'Strict') throw refuse(`strict decoding error: ${texts.join(', ')}`);
  for (const text of texts)
    warn(
      text
        .replace(/^yaml: unmarshal errors:/, '')
        .trim()
        .replaceAll(/\s+/g, ' '),
    );
}

const QUOTED = 10;
const QUOTED_WIDELY = 50;

/** Text that is not base64 is quoted with what stands around it. */
function misfitText(kind: Kind, { text, path, base64At }: Misfit, { source }: DecodeContext): string {
  const end = base64At !== undefined && source?.format === 'json' ? endOfField(source.text, path) : undefined;
  if (end === undefined || !source) return text;
  const quote = (bytes: number) => source.text.slice(Math.max(0, end - bytes), end + bytes);
  const field = path.replace(/[.[].*$/, '');
  const goField = `${kind.version}.${kind.kind}.${field[0]?.toUpperCase()}${field.slice(1)}`;
  return (
    `${goField}: decode base64: ${text}, error found in #${Math.min(QUOTED, end)} byte of ...|${quote(QUOTED)}|..., ` +
    `bigger context ...|${quote(QUOTED_WIDELY)}|...`
  );
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
