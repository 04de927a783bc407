import { describe, expect, it } from 'vitest';
import { builtinKindSchema } from '../../../api/kubernetes/index.ts';
import { prune } from './prune.ts';
import type { Schema } from './schema.ts';

const widget: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer' },
        limits: { type: 'object', additionalProperties: { type: 'string' } },
        extra: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { known: { type: 'object', properties: { a: { type: 'string' } } } },
        },
        parts: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
        embedded: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      },
    },
  },
};

describe('prune', () => {
  it('drops what the schema does not know, and says where it was', () => {
    const given = {
      apiVersion: 'v1',
      kind: 'Widget',
      metadata: { name: 'a', labels: { x: 'y' }, nosuch: 1 },
      spec: { size: 3, siez: 4, limits: { cpu: '1' }, parts: [{ name: 'p', colour: 'x' }] },
      other: 1,
    };
    const { object, unknown } = prune(given, widget);
    expect(object).toEqual({
      apiVersion: 'v1',
      kind: 'Widget',
      metadata: { name: 'a', labels: { x: 'y' } },
      spec: { size: 3, limits: { cpu: '1' }, parts: [{ name: 'p' }] },
    });
    expect(unknown).toEqual(['metadata.nosuch', 'spec.siez', 'spec.parts[0].colour', 'other']);
    expect(given.spec.siez).toBe(4);
  });

  it('keeps unknown fields where the schema says so, but not below its known ones', () => {
    const { object, unknown } = prune(
      { spec: { extra: { anything: { goes: [1] }, known: { a: 'x', b: 1 } } } },
      widget,
    );
    expect(object).toEqual({ spec: { extra: { anything: { goes: [1] }, known: { a: 'x' } } } });
    expect(unknown).toEqual(['spec.extra.known.b']);
  });

  it('knows what an embedded resource always has', () => {
    const embedded = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { any: 1 }, x: 1 };
    expect(prune({ spec: { embedded } }, widget).unknown).toEqual(['spec.embedded.x']);
  });

  it('names a misspelt field of a built-in kind', () => {
    const pod = { spec: { containers: [{ name: 'a', imagee: 'x' }] } };
    expect(prune(pod, builtinKindSchema('io.k8s.api.core.v1.Pod')).unknown).toEqual([
      'spec.containers[0].imagee',
    ]);
  });

  it('does not take names of Object.prototype for fields', () => {
    expect(prune({ spec: { toString: 'x' } }, widget).unknown).toEqual(['spec.toString']);
  });
});
