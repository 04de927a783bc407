import type { Schema } from './schema.ts';

/** The schema of an object's field: that of its property, else that of the map's values; undefined when it has none. */
export function fieldSchema(schema: Schema | undefined, name: string): Schema | undefined {
  if (hasProperty(schema, name)) return schema?.properties?.[name];
  const values = schema?.additionalProperties;
  return typeof values === 'object' ? values : undefined;
}

/** Whether the schema names the field, and does not only allow any. Names such as `constructor` are names as any other. */
export const hasProperty = (schema: Schema | undefined, name: string): boolean =>
  schema?.properties !== undefined && Object.hasOwn(schema.properties, name);
