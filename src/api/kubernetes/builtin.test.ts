import { describe, expect, it } from 'vitest';
import { builtinDefinitions, builtinKindSchema, builtinNames, builtinSchema, type Schema } from './index.ts';

const pod = 'io.k8s.api.core.v1.Pod';

describe('built-in schemas', () => {
  it('know fields, required ones, and how lists merge', () => {
    const spec = builtinSchema('io.k8s.api.core.v1.PodSpec');
    expect(spec.required).toEqual(['containers']);
    expect(spec.properties?.containers).toMatchObject({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'name',
    });
    expect(spec.properties?.tolerations?.['x-kubernetes-list-type']).toBeUndefined();
    expect(builtinSchema('io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector')).toMatchObject({
      'x-kubernetes-map-type': 'atomic',
    });
    const quantity = builtinSchema('io.k8s.api.core.v1.ResourceRequirements').properties?.limits;
    expect(quantity?.additionalProperties).toMatchObject({
      format: 'quantity',
      'x-kubernetes-int-or-string': true,
    });
  });

  it('require nothing of the kinds themselves, and take null for absent', () => {
    const spec = builtinKindSchema(pod).properties?.spec;
    expect(spec?.required).toBeUndefined();
    expect(spec?.properties?.containers?.nullable).toBe(true);
  });

  it('resolve recursive types', () => {
    const name = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
    const props = builtinSchema(name);
    expect(props.properties?.not?.properties?.not?.properties?.type).toEqual({ type: 'string' });
  });

  it('resolve every field of every type', () => {
    const seen = new Set<Schema>();
    const visit = (schema: Schema): void => {
      if (seen.has(schema)) return;
      seen.add(schema);
      if (schema.properties) {
        if (seen.has(schema.properties as Schema)) return;
        seen.add(schema.properties as Schema);
        for (const child of Object.values(schema.properties)) visit(child);
      }
      if (schema.items) visit(schema.items);
      if (typeof schema.additionalProperties === 'object') visit(schema.additionalProperties);
    };
    for (const name of builtinNames) visit(builtinSchema(name));
    expect(seen.size).toBeGreaterThan(1000);
  });

  it('are given with references for OpenAPI documents', () => {
    const definitions = builtinDefinitions([pod]);
    expect(definitions[pod]?.properties?.spec).toMatchObject({
      $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec',
    });
    expect(definitions['io.k8s.api.core.v1.Container']).toBeDefined();
    expect(() => JSON.stringify(definitions)).not.toThrow();
  });

  it('refuse names that they do not have', () => {
    expect(() => builtinSchema('io.k8s.api.core.v1.Nosuch')).toThrow('No schema of the built-in type');
  });
});
