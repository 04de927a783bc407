import type { KubeObject } from '../../../api/index.ts';
import { type CustomResourceDefinition, validateCrd } from '../crd/index.ts';
import { createdAt } from './columns.ts';
import { builtin } from './define.ts';

export const customResourceDefinitions = builtin({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  package: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  status: true,
  generation: ['spec'],
  returnsDeletedObject: true,
  allColumns: [createdAt],
  defaults: (object) => defaultCrd(object as CustomResourceDefinition) as KubeObject,
  prepareForCreate(object) {
    const { spec } = object as CustomResourceDefinition;
    const storedVersions = spec.versions.filter(({ storage }) => storage).map(({ name }) => name);
    const acceptedNames = { plural: '', kind: '' };
    return { ...object, status: { conditions: null, acceptedNames, storedVersions } } as KubeObject;
  },
  prepareForUpdate(next, old, subresource) {
    if (subresource === 'status')
      return { ...next, metadata: { ...old.metadata, managedFields: next.metadata?.managedFields } };
    // A version that becomes the storage version joins those in which objects may be stored.
    const crd = next as CustomResourceDefinition;
    const stored = crd.status?.storedVersions ?? [];
    const added = crd.spec.versions.flatMap(({ name, storage }) =>
      storage && !stored.includes(name) ? [name] : [],
    );
    if (added.length === 0) return next;
    return { ...crd, status: { ...crd.status, storedVersions: [...stored, ...added] } } as KubeObject;
  },
  validate: (object) => validateCrd(object as CustomResourceDefinition),
  warnings: (object) =>
    (object as CustomResourceDefinition).spec.conversion?.strategy === 'Webhook'
      ? ['spec.conversion: conversion webhooks are not called: objects have the same fields in every version']
      : [],
  validateUpdate: (next, old, subresource) =>
    subresource === 'status'
      ? []
      : validateCrd(next as CustomResourceDefinition, old as CustomResourceDefinition),
});

function defaultCrd(crd: CustomResourceDefinition): CustomResourceDefinition {
  const { spec } = crd;
  if (!spec?.names) return crd;
  const { names } = spec;
  return {
    ...crd,
    spec: {
      ...spec,
      names: {
        ...names,
        singular: names.singular || (names.kind ?? '').toLowerCase(),
        listKind: names.listKind || `${names.kind}List`,
      },
      conversion: spec.conversion ?? { strategy: 'None' },
    },
  };
}
