import Type, { type TSchema } from 'typebox';

/**
 * Building blocks of the resource schemas. A schema here is at once the TypeScript type (`Type.Static`), the CRD's
 * OpenAPI v3 schema and the source of the reference pages, so it may only use what a structural schema allows.
 */

/** An integer or a string; Kubernetes' IntOrString. */
export const IntOrString = (description?: string) =>
  Type.Unsafe<number | string>({ 'x-kubernetes-int-or-string': true, ...(description && { description }) });

export const Int32 = (description?: string) =>
  Type.Integer({ format: 'int32', ...(description && { description }) });
export const Int64 = (description?: string) =>
  Type.Integer({ format: 'int64', ...(description && { description }) });
export const Text = (description?: string) => Type.String(description ? { description } : {});
export const Flag = (description?: string) => Type.Boolean(description ? { description } : {});

/** An RFC 3339 time with whole seconds, UTC, e.g. `2026-03-02T09:14:07Z`. */
export const Time = (description?: string) =>
  Type.String({ format: 'date-time', ...(description && { description }) });

/** A Go duration such as `90s` or `1h30m`. */
export const Duration = (description?: string) => Text(description);

/** A map from string to string. */
export const StringMap = (description?: string) =>
  Type.Unsafe<Record<string, string>>({
    type: 'object',
    additionalProperties: { type: 'string' },
    ...(description && { description }),
  });

/** Any JSON value; kept as it is (`x-kubernetes-preserve-unknown-fields`). */
export const AnyValue = (description?: string) =>
  Type.Unsafe<unknown>({ 'x-kubernetes-preserve-unknown-fields': true, ...(description && { description }) });

/** Any JSON object; kept as it is. */
export const AnyObject = (description?: string) =>
  Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    ...(description && { description }),
  });

/** The extension that names a Kubernetes built-in type; CRD generation puts that type's schema in its place. */
export const BUILTIN_REF = 'x-kanari-builtin';

/** A Kubernetes built-in type, e.g. `Builtin<PodTemplateSpec>('io.k8s.api.core.v1.PodTemplateSpec')`. */
export const Builtin = <T>(name: string, description?: string) =>
  Type.Unsafe<T>({ [BUILTIN_REF]: name, ...(description && { description }) });

export const List = <S extends TSchema>(items: S, description?: string) =>
  Type.Array(items, description ? { description } : {});

/** A field that may be left out. */
export const optional = Type.Optional;
export { Type };
