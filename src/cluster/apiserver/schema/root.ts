import { builtinKindSchema } from '../../../api/kubernetes/index.ts';
import type { Schema } from './schema.ts';

const NAMES = new Set(['name', 'generateName']);

/** Whether a schema of metadata restricts the names, and nothing else: more than that no CRD may say. */
export function onlyNames({ properties }: Schema): boolean {
  const names = Object.keys(properties ?? {});
  return names.length > 0 && names.every((name) => NAMES.has(name));
}

const completed = new WeakMap<Schema, Schema>();

const objectMeta = () => builtinKindSchema('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');

/**
 * The schema with what every object has beside its own fields: apiVersion, kind and metadata as ObjectMeta. What a CRD
 * says of the name and generateName holds beside it.
 */
export function rootSchema(schema: Schema): Schema {
  let root = completed.get(schema);
  if (!root) {
    const own = schema.properties?.metadata;
    root = {
      ...schema,
      type: 'object',
      properties: {
        ...schema.properties,
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: own && onlyNames(own) ? { ...objectMeta(), allOf: [own] } : objectMeta(),
      },
    };
    completed.set(schema, root);
    completed.set(root, root);
  }
  return root;
}
