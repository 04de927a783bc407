import { describe, expect, it } from 'vitest';
import { validateFinalizerOwners, validateMetadata } from './metadata.ts';

const configMaps = { group: '', plural: 'configmaps', namespaced: true };
const fields = (metadata: object, kind = configMaps) =>
  validateMetadata({ metadata: { name: 'a', ...metadata } }, kind).map(({ field, value }) => [field, value]);

const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' };

describe('validateMetadata', () => {
  it('needs a name', () => {
    expect(validateMetadata({ metadata: {} }, configMaps)).toEqual([
      { type: 'FieldValueRequired', field: 'metadata.name', detail: 'name or generateName is required' },
    ]);
  });

  it('refuses names, labels and annotations in the order of the recorded server', () => {
    expect(
      fields({ name: 'Not_Valid', labels: { 'a b': 'x', c: 'c d' }, annotations: { '-': 'x' } }),
    ).toEqual([
      ['metadata.name', 'Not_Valid'],
      ['metadata.labels', 'a b'],
      ['metadata.labels', 'c d'],
      ['metadata.annotations', '-'],
    ]);
  });

  it('knows the rules of the kinds that have their own', () => {
    expect(fields({ name: 'a.b' })).toEqual([]);
    expect(fields({ name: 'a.b' }, { group: '', plural: 'namespaces', namespaced: false })).toHaveLength(1);
    expect(fields({ name: '1a' }, { group: '', plural: 'services', namespaced: true })).toHaveLength(1);
    const roles = { group: 'rbac.authorization.k8s.io', plural: 'roles', namespaced: true };
    expect(fields({ name: 'system:Reader' }, roles)).toEqual([]);
    expect(fields({ name: 'a/b' }, roles)).toHaveLength(1);
  });

  it('wants whole owners and one controller', () => {
    expect(fields({ ownerReferences: [{ ...owner, controller: true }] })).toEqual([]);
    expect(fields({ ownerReferences: [{ ...owner, name: '', uid: '' }] })).toEqual([
      ['metadata.ownerReferences.name', ''],
      ['metadata.ownerReferences.uid', ''],
    ]);
    const two = [
      { ...owner, controller: true },
      { ...owner, uid: 'v', controller: true },
    ];
    expect(fields({ ownerReferences: two })).toEqual([['metadata.ownerReferences', two]]);
  });

  it('refuses finalizers that contradict each other', () => {
    expect(fields({ finalizers: ['orphan', 'foregroundDeletion'] })).toHaveLength(1);
  });

  it('refuses finalizers of nobody, for built-in kinds', () => {
    const finalizers = ['kubernetes', 'orphan', 'example.com/mine', 'mine'];
    expect(validateFinalizerOwners({ metadata: { name: 'a', finalizers } })).toEqual([
      {
        type: 'FieldValueInvalid',
        field: 'metadata.finalizers[3]',
        value: 'mine',
        detail: 'name is neither a standard finalizer name nor is it fully qualified',
      },
    ]);
  });

  it('limits the size of annotations', () => {
    const errors = validateMetadata(
      { metadata: { name: 'a', annotations: { a: 'x'.repeat(262_144) } } },
      configMaps,
    );
    expect(errors).toMatchObject([
      { type: 'FieldValueTooLong', detail: 'may not be more than 262144 bytes' },
    ]);
  });
});
