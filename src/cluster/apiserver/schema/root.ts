import { builtinKindSchema } from '../../../api/kubernetes/index.ts';
import type { Schema } from './schema.ts';

const completed = new WeakMap<Schema, Schema>();

/** The schema with what every object has beside its own fields: apiVersion, kind and metadata as ObjectMeta. */
export function rootSchema(schema: Schema): Schema {
  let root = completed.get(schema);
  if (!root) {
    root = {
      ...schema,
      type: 'object',
      properties: {
        ...schema.properties,
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: builtinKindSchema('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'),
      },
    };
    completed.set(schema, root);
    completed.set(root, root);
  }
  return root;
}
