import { describe, expect, it } from 'vitest';
import { crds, type KubeObject } from '../../../api/index.ts';
import type { Schema } from '../../../api/kubernetes/index.ts';
import { validateSchema } from '../schema/index.ts';
import { toTable } from '../table/index.ts';
import { type CustomResourceDefinition, kindsOfCrd, validateCrd } from './index.ts';
import { parsePath, valuesAt } from './json-path.ts';

const object: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

function widgets(version: object = {}, spec: object = {}): CustomResourceDefinition {
  return {
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'] },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: object }, ...version },
      ],
      ...spec,
    },
  };
}

const problems = (crd: CustomResourceDefinition, old?: CustomResourceDefinition) =>
  validateCrd(crd, old).map(({ field, detail }) => `${field}: ${detail}`);
const schemaProblems = (schema: Schema) =>
  problems(widgets({ schema: { openAPIV3Schema: schema } })).map((text) =>
    text.replace('spec.versions[0].schema.openAPIV3Schema', '$'),
  );

describe('validateCrd', () => {
  it('accepts our own CRDs', () => {
    for (const crd of crds()) expect(validateCrd(crd)).toEqual([]);
  });

  it('wants the name to be made of plural and group, and one storage version', () => {
    expect(problems({ ...widgets(), metadata: { name: 'widget.example.com' } })).toEqual([
      'metadata.name: must be spec.names.plural+"."+spec.group',
    ]);
    expect(problems(widgets({ storage: false }))).toEqual([
      'spec.versions: must have exactly one version marked as storage version',
    ]);
  });

  it('wants structural schemas', () => {
    expect(schemaProblems({ properties: { spec: { properties: { a: { type: 'string' } } } } })).toEqual([
      '$.properties[spec].type: must not be empty for specified object fields',
      '$.type: must not be empty at the root',
    ]);
    expect(problems(widgets({ schema: undefined }))).toEqual([
      'spec.versions[0].schema.openAPIV3Schema: schemas are required',
    ]);
  });

  it('refuses extensions that do not fit together, and defaults that do not fit', () => {
    const properties: Record<string, Schema> = {
      list: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { type: 'object', properties: { name: { type: 'string' } } },
      },
      port: { type: 'integer', 'x-kubernetes-int-or-string': true },
      size: { type: 'integer', default: 'big' },
      text: { type: 'string', pattern: '(' },
    };
    expect(schemaProblems({ type: 'object', properties }).map((text) => text.split(':')[0])).toEqual([
      '$.properties[list].items.properties[name].default',
      '$.properties[port].type',
      '$.properties[size].default',
      '$.properties[text].pattern',
    ]);
  });

  it('refuses rules that do not compile', () => {
    const rules = [{ rule: 'self.a ===' }];
    const [text] = schemaProblems({ ...object, 'x-kubernetes-validations': rules });
    expect(text).toMatch(/^\$\.x-kubernetes-validations\[0\]\.rule: compilation failed: /);
  });

  it.each<[string, Schema, string]>([
    [
      'a set of objects that are merged',
      { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } },
      '.items.x-kubernetes-map-type: must be atomic as item of a list with x-kubernetes-list-type=set',
    ],
    [
      'a set with nulls',
      { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string', nullable: true } },
      '.items.nullable: cannot be nullable when x-kubernetes-list-type is set',
    ],
    [
      'keys without a list type',
      { type: 'array', 'x-kubernetes-list-map-keys': ['a'], items: { type: 'object' } },
      '.x-kubernetes-list-type: must be map if x-kubernetes-list-map-keys is non-empty',
    ],
    [
      'a key that is no scalar',
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['a'],
        items: { type: 'object', required: ['a'], properties: { a: { type: 'object' } } },
      },
      ".items.properties[a].type: must be a scalar type if parent array's x-kubernetes-list-type is map",
    ],
    [
      'a map type of a text',
      { type: 'string', 'x-kubernetes-map-type': 'atomic' },
      '.type: must be object if x-kubernetes-map-type is specified',
    ],
    ['a reference', { type: 'object', $ref: '#/x' } as Schema, '.$ref: $ref is not supported'],
  ])('refuses %s', (_what, part, problem) => {
    expect(schemaProblems({ type: 'object', properties: { part } })).toEqual([
      `$.properties[part]${problem}`,
    ]);
  });

  it.each<[string, Schema]>([
    ['$.properties[part]', { type: 'array', items: { type: 'object' } }],
    ['$.properties[part]', { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } }],
  ])('refuses transition rules below %s, whose old elements cannot be told', (within, part) => {
    const rule = 'self == oldSelf';
    const items = {
      ...part.items,
      'x-kubernetes-map-type': undefined,
      'x-kubernetes-validations': [{ rule }],
    };
    expect(schemaProblems({ type: 'object', properties: { part: { ...part, items } } })).toEqual([
      `$.properties[part].items.x-kubernetes-validations[0].rule: oldSelf cannot be used on the uncorrelatable ` +
        `portion of the schema within spec.versions[0].schema.openAPIV3Schema${within.slice(1)}`,
    ]);
  });

  it('lets a schema restrict the names of objects, and nothing else of their metadata', () => {
    const named = (properties: Record<string, Schema>): Schema => ({
      type: 'object',
      properties: { metadata: { type: 'object', properties } },
    });
    const short = named({ name: { type: 'string', maxLength: 3 } });
    expect(schemaProblems(short)).toEqual([]);
    expect(validateSchema({ metadata: { name: 'abc' } }, short)).toEqual([]);
    expect(validateSchema({ metadata: { name: 'abcd' } }, short)).toMatchObject([{ field: 'metadata.name' }]);
    expect(schemaProblems(named({ labels: { type: 'object' } }))).toEqual([
      '$.properties[metadata]: must not specify anything other than name and generateName, but metadata is ' +
        'implicitly specified',
    ]);
  });

  it('wants the path of a rule to lead to a field', () => {
    const properties: Record<string, Schema> = {
      map: { type: 'object', additionalProperties: { type: 'string' } },
      list: { type: 'array', items: { type: 'string' } },
    };
    const at = (fieldPath: string) =>
      schemaProblems({
        type: 'object',
        properties,
        'x-kubernetes-validations': [{ rule: 'true', fieldPath }],
      });
    for (const path of ['.map', '.map.a', ".map['a.b']", '.list']) expect(at(path)).toEqual([]);
    for (const path of ['map', '.other', '.list[0]', '.constructor', '.map.a.b']) {
      expect(at(path)).toEqual(['$.x-kubernetes-validations[0].fieldPath: fieldPath must be a valid path']);
    }
  });

  it('refuses columns and scale paths that lead nowhere', () => {
    const additionalPrinterColumns = [{ name: 'Size', type: 'size', jsonPath: '.spec[' }];
    const subresources = { scale: { specReplicasPath: '.status.replicas', statusReplicasPath: '' } };
    expect(
      problems(widgets({ additionalPrinterColumns, subresources })).map((text) => text.split(':')[0]),
    ).toEqual([
      'spec.versions[0].additionalPrinterColumns[0].type',
      'spec.versions[0].additionalPrinterColumns[0].jsonPath',
      'spec.versions[0].subresources.scale.specReplicasPath',
      'spec.versions[0].subresources.scale.statusReplicasPath',
    ]);
  });

  it('keeps the scope once the CRD is established, and versions in which objects are stored', () => {
    const status = { conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v0', 'v1'] };
    const old = { ...widgets(), status };
    const next = { ...widgets({}, { scope: 'Cluster' }), status };
    expect(problems(next, old)).toEqual([
      'status.storedVersions[0]: missing from spec.versions; objects may be stored in it',
      'spec.scope: field is immutable',
    ]);
  });
});

describe('kindsOfCrd', () => {
  const [kind] = kindsOfCrd(widgets({ subresources: { status: {} } }));
  const [plain] = kindsOfCrd(widgets());
  const stored = { metadata: { name: 'a', generation: 1 }, spec: { size: 1 } } as KubeObject;
  const update = (of: typeof kind, next: object, subresource?: 'status') =>
    of?.strategy.prepareForUpdate?.(next as KubeObject, stored, subresource);

  it('has a kind for every version that is served', () => {
    const versions = [
      { name: 'v1', served: true, storage: true },
      { name: 'v1beta1', served: true, storage: false },
      { name: 'v1alpha1', served: false, storage: false },
    ];
    const kinds = kindsOfCrd(widgets({}, { versions }));
    expect(kinds.map(({ version, listKind, storage }) => [version, listKind, storage])).toEqual([
      ['v1', 'WidgetList', { group: 'example.com', plural: 'widgets' }],
      ['v1beta1', 'WidgetList', { group: 'example.com', plural: 'widgets' }],
    ]);
  });

  it('says that a version is deprecated, in the words of the CRD or in its own', () => {
    const versions = [
      { name: 'v1', served: true, storage: true },
      { name: 'v1beta1', served: true, storage: false, deprecated: true },
      { name: 'v1alpha1', served: true, storage: false, deprecated: true, deprecationWarning: 'use v1' },
    ];
    expect(kindsOfCrd(widgets({}, { versions })).map(({ deprecation }) => deprecation)).toEqual([
      undefined,
      'example.com/v1beta1 Widget is deprecated',
      'use v1',
    ]);
  });

  it('drops the status on create where it has a subresource, and keeps it elsewhere', () => {
    const sent = { ...stored, status: { phase: 'Done' } } as KubeObject;
    expect(kind?.strategy.prepareForCreate?.(sent)).not.toHaveProperty('status');
    expect(plain?.strategy.prepareForCreate?.(sent)).toHaveProperty('status');
  });

  it('raises the generation for what is outside of metadata', () => {
    const labelled = { ...stored, metadata: { ...stored.metadata, labels: { x: 'y' } } };
    expect(update(kind, labelled)?.metadata?.generation).toBe(1);
    expect(update(kind, { ...stored, spec: { size: 2 } })?.metadata?.generation).toBe(2);
    expect(update(kind, { ...stored, status: { x: 1 } })?.metadata?.generation).toBe(1);
    expect(update(plain, { ...stored, status: { x: 1 } })?.metadata?.generation).toBe(2);
  });

  it('changes nothing but the status through the status subresource', () => {
    const sent = {
      metadata: { name: 'a', labels: { x: 'z' } },
      spec: { size: 9 },
      status: { phase: 'Running' },
    };
    expect(update(kind, sent, 'status')).toEqual({ ...stored, status: { phase: 'Running' } });
  });

  it('shows the columns of the CRD, or the age', () => {
    const additionalPrinterColumns = [
      { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ];
    const [shown] = kindsOfCrd(widgets({ additionalPrinterColumns }));
    const now = Date.parse('2026-01-01T00:00:05Z');
    const options = { now, includeObject: 'None', withColumns: true } as const;
    const live = { ...stored, metadata: { ...stored.metadata, creationTimestamp: '2026-01-01T00:00:00Z' } };
    expect(toTable(shown!, [live], options).rows[0]?.cells).toEqual(['a', 1, null, '5s']);
    expect(toTable(plain!, [live], options).rows[0]?.cells).toEqual(['a', '5s']);
  });
});

describe('our own kinds', () => {
  const kindNamed = (name: string) => kindsOfCrd(crds().find(({ spec }) => spec.names.kind === name)!)[0]!;
  const rollout = (spec: object) => ({ metadata: { name: 'a' }, spec });
  const errors = (spec: object, old?: object) =>
    validateSchema(rollout(spec), kindNamed('Rollout').schema, old && rollout(old)).map(
      ({ field, type, detail }) => `${field} ${type} ${detail}`.trim(),
    );

  it('OPS §14 a Rollout without its active service is refused', () => {
    expect(errors({ strategy: { blueGreen: {} } })).toEqual([
      'spec.strategy.blueGreen.activeService FieldValueRequired',
    ]);
  });

  it('OPS §14 the selector may come and go but not change', () => {
    const selector = (app: string) => ({ selector: { matchLabels: { app } } });
    expect(errors(selector('b'), selector('a'))).toEqual([
      'spec.selector FieldValueInvalid .spec.selector is immutable',
    ]);
    expect(errors(selector('a'), selector('a'))).toEqual([]);
    expect(errors({}, selector('a'))).toEqual([]);
    expect(errors(selector('a'), {})).toEqual([]);
  });

  it('OPS §14 a value of the wrong type is refused with its place', () => {
    expect(errors({ strategy: { canary: { steps: [{ setWeight: 'twenty' }] } } })).toEqual([
      'spec.strategy.canary.steps[0].setWeight FieldValueTypeInvalid spec.strategy.canary.steps[0].setWeight in body must be of type integer: "string"',
    ]);
  });
});

describe('JSON paths', () => {
  const root = {
    metadata: { annotations: { 'a.b/c': 'x' } },
    items: [
      { type: 'A', n: 1 },
      { type: 'B', n: 2 },
    ],
  };
  it.each([
    ['.metadata.annotations.a\\.b/c', ['x']],
    [".metadata.annotations['a.b/c']", ['x']],
    ['.items[0].n', [1]],
    ['.items[-1].n', [2]],
    ['.items[*].type', ['A', 'B']],
    ['.items[?(@.type=="B")].n', [2]],
    ['{.items[1].type}', ['B']],
    ['.nosuch.path', []],
  ])('%s', (path, values) => {
    expect(valuesAt(root, parsePath(path))).toEqual(values);
  });

  it('tells what it cannot read', () => {
    expect(() => parsePath('.spec[')).toThrow('cannot read "[" in the JSON path ".spec["');
  });
});
