import { builtinDefinitions, builtinNames } from '../../../api/kubernetes/index.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Registry } from '../registry/registry.ts';
import type { Schema } from '../schema/index.ts';
import { descriptionsOf } from './descriptions.ts';
import type { DocumentV2 } from './openapi-protobuf.ts';
import { VERSION } from './version.ts';

type Json = Record<string, unknown>;

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const V3_REFS = '#/components/schemas/';

/** Scalars that have a name, because they are text or a number; version 2 cannot say so. */
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const INT_OR_STRING_V2 = { type: 'string', format: 'int-or-string' };
const NAMED_SCALARS = {
  [QUANTITY]: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  [INT_OR_STRING]: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
};

/** The group versions that have a document, as `/openapi/v3` lists them: `api/v1`, `apis/apps/v1`. */
export function openApiPaths(registry: Registry): string[] {
  return registry
    .groups()
    .flatMap(({ name, versions }) =>
      versions.map(({ version }) => (name ? `apis/${name}/${version}` : `api/${version}`)),
    );
}

/** The OpenAPI v3 document of one group version. */
export function openApiV3(registry: Registry, kinds: readonly Kind[]): Json {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: VERSION.gitVersion },
    paths: Object.assign({}, ...kinds.map(pathsOf)),
    components: { schemas: schemasOf(registry, kinds) },
  };
}

/** The OpenAPI v2 document of everything; for clients that know no v3. */
export function openApiV2(registry: Registry): DocumentV2 {
  const kinds = registry.groups().flatMap(({ versions }) => versions.flatMap((served) => served.kinds));
  const schemas = {
    ...schemasOf(registry, kinds),
    [QUANTITY]: { type: 'string' },
    [INT_OR_STRING]: INT_OR_STRING_V2,
  };
  // Version 2 lets a reference stand beside a description.
  const text = JSON.stringify(schemas)
    .replaceAll(V3_REFS, '#/definitions/')
    .replaceAll(/"allOf":\[\{"\$ref":"([^"]+)"\}\]/g, '"$ref":"$1"');
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: VERSION.gitVersion },
    paths: {},
    definitions: JSON.parse(text),
  };
}

function schemasOf(registry: Registry, kinds: readonly Kind[]): Json {
  const custom = kinds.filter((kind) => registry.isCustom(kind) || !builtinName(kind));
  const builtin = kinds.filter((kind) => !registry.isCustom(kind) && builtinName(kind));
  const definitions = builtinDefinitions([OBJECT_META, ...builtin.map((kind) => builtinName(kind)!)]);
  const schemas: Json = { ...(withNamedScalars(described(definitions)) as Json), ...NAMED_SCALARS };
  for (const kind of builtin) {
    const name = builtinName(kind)!;
    schemas[name] = { ...(schemas[name] as Schema), ...groupVersionKind(kind) };
  }
  for (const kind of custom) schemas[customName(kind)] = customSchema(kind);
  return withoutOwnExtensions(schemas) as Json;
}

const gvk = ({ group, version, kind }: Kind) => ({ group, version, kind });
const groupVersionKind = (kind: Kind) => ({ 'x-kubernetes-group-version-kind': [gvk(kind)] });

/** `io.k8s.api.apps.v1.Deployment`. */
function builtinName({ group, version, kind }: Kind): string | undefined {
  const short = group === '' ? 'core' : group.split('.')[0];
  return builtinNames.find((name) => name.endsWith(`.${short}.${version}.${kind}`));
}

/** `io.argoproj.v1alpha1.Rollout`. */
const customName = ({ group, version, kind }: Kind) =>
  [...group.split('.').reverse(), version, kind].join('.');

function customSchema(kind: Kind): Json {
  const { schema } = kind;
  return {
    ...schema,
    properties: {
      ...schema.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { allOf: [{ $ref: `${V3_REFS}${OBJECT_META}` }] },
    },
    ...groupVersionKind(kind),
  };
}

/** Says what the types and their fields are for. */
function described(definitions: Record<string, Schema>): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => {
      const { type, fields } = descriptionsOf(name);
      const properties = Object.entries(schema.properties ?? {}).map(([field, property]) => {
        const { $ref } = property as { $ref?: string };
        // The client does not say what a field of a type is for beyond what the type is.
        const description = fields.get(field) ?? ($ref && descriptionsOf($ref.slice(V3_REFS.length)).type);
        if (!description) return [field, property];
        return [field, $ref ? { description, allOf: [{ $ref }] } : { description, ...property }];
      });
      return [
        name,
        { ...(type && { description: type }), ...schema, properties: Object.fromEntries(properties) },
      ];
    }),
  );
}

/** Built-in types refer to the scalars that have a name. */
function withNamedScalars(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNamedScalars);
  if (typeof value !== 'object' || value === null) return value;
  const { 'x-kubernetes-int-or-string': either, format, description } = value as Schema;
  if (either === true) {
    const $ref = `${V3_REFS}${format === 'quantity' ? QUANTITY : INT_OR_STRING}`;
    return description ? { description, allOf: [{ $ref }] } : { $ref };
  }
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withNamedScalars(child)]));
}

/** Extensions with which our own schemas are annotated mean nothing to others. */
function withoutOwnExtensions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOwnExtensions);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.startsWith('x-kanari-'))
      .map(([key, child]) => [key, withoutOwnExtensions(child)]),
  );
}

const query = (name: string, type: string) => ({ name, in: 'query', schema: { type } });
const inPath = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'string' } });
const WRITE_QUERY = [
  query('dryRun', 'string'),
  query('fieldManager', 'string'),
  query('fieldValidation', 'string'),
];
const LIST_QUERY = [
  query('allowWatchBookmarks', 'boolean'),
  query('continue', 'string'),
  query('fieldSelector', 'string'),
  query('labelSelector', 'string'),
  query('limit', 'integer'),
  query('resourceVersion', 'string'),
  query('resourceVersionMatch', 'string'),
  query('sendInitialEvents', 'boolean'),
  query('timeoutSeconds', 'integer'),
  query('watch', 'boolean'),
];
const DELETE_QUERY = [
  query('dryRun', 'string'),
  query('gracePeriodSeconds', 'integer'),
  query('propagationPolicy', 'string'),
];
const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** The operations on a kind: what they are called, and which query parameters they take. */
function pathsOf(kind: Kind): Json {
  const { group, version, plural, namespaced } = kind;
  const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
  const collection = `${root}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`;
  const item = `${collection}/{name}`;
  const operation = (action: string, parameters: object[], body?: string[]) => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk(kind),
    parameters,
    ...(body && { requestBody: { content: content(kind, body) } }),
    responses: { 200: { description: 'OK', content: content(kind, ['application/json']) } },
  });
  const namespace = namespaced ? [inPath('namespace')] : [];
  const paths: Json = {
    [collection]: {
      get: operation('list', LIST_QUERY),
      post: operation('post', WRITE_QUERY, ['application/json', 'application/yaml']),
      delete: operation('deletecollection', [...LIST_QUERY, ...DELETE_QUERY]),
      parameters: namespace,
    },
    [item]: {
      get: operation('get', []),
      put: operation('put', WRITE_QUERY, ['application/json', 'application/yaml']),
      patch: operation('patch', [...WRITE_QUERY, query('force', 'boolean')], patchTypes(kind)),
      delete: operation('delete', DELETE_QUERY),
      parameters: [inPath('name'), ...namespace],
    },
  };
  if (namespaced) paths[`${root}/${plural}`] = { get: operation('list', LIST_QUERY) };
  return paths;
}

/** Custom resources have no strategic merge patch. */
function patchTypes(kind: Kind): string[] {
  return builtinName(kind) ? PATCH_TYPES : PATCH_TYPES.filter((type) => !type.includes('strategic'));
}

function content(kind: Kind, types: readonly string[]): Json {
  const name = builtinName(kind) ?? customName(kind);
  const schema = { $ref: `${V3_REFS}${name}` };
  return Object.fromEntries(
    types.map((type) => [type, { schema: type.includes('patch') ? { type: 'object' } : schema }]),
  );
}
