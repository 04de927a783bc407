import { describe, expect, it } from 'vitest';
import { builtinKindSchema } from '../../../api/kubernetes/index.ts';
import { typedProblem } from './typed.ts';

const deployment = builtinKindSchema('io.k8s.api.apps.v1.Deployment');

describe('typedProblem', () => {
  it('names fields that there are not, with the keys of list elements', () => {
    const containers = [{ name: 'a', imagee: 'x', ports: [{ containerPort: 80, protocol: 'TCP', foo: 1 }] }];
    expect(typedProblem({ spec: { template: { spec: { containers } } } }, deployment)).toBe(
      [
        'errors:',
        '  .spec.template.spec.containers[name="a"].imagee: field not declared in schema',
        '  .spec.template.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].foo: field not declared in schema',
      ].join('\n'),
    );
  });

  it('names values of the wrong type', () => {
    expect(typedProblem({ spec: { replicas: 'x' } }, deployment)).toBe(
      '.spec.replicas: expected numeric (int or float), got string',
    );
    expect(typedProblem({ metadata: { labels: { a: 5 } } }, deployment)).toBe(
      '.metadata.labels.a: expected string, got &value.valueUnstructured{Value:5}',
    );
  });

  it('names elements that cannot be told apart', () => {
    expect(typedProblem({ metadata: { finalizers: ['a/b', 'c/d', 'a/b'] } }, deployment)).toBe(
      '.metadata.finalizers: duplicate entries for key [="a/b"]',
    );
    const ports = [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }];
    const containers = [{ name: 'a', ports }];
    expect(typedProblem({ spec: { template: { spec: { containers } } } }, deployment)).toBe(
      '.spec.template.spec.containers[name="a"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]',
    );
  });

  it('finds nothing in what fits, nulls and free fields', () => {
    expect(typedProblem({ metadata: { labels: null }, spec: { replicas: 1 } }, deployment)).toBeUndefined();
    const free = { type: 'object', properties: { spec: { 'x-kubernetes-preserve-unknown-fields': true } } };
    expect(typedProblem({ apiVersion: 'a', kind: 'b', spec: { a: [1] } }, free)).toBeUndefined();
  });
});
