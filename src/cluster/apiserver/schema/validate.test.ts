import { describe, expect, it } from 'vitest';
import type { Schema } from './schema.ts';
import { validateSchema } from './validate.ts';

const spec: Schema = {
  type: 'object',
  required: ['size'],
  properties: {
    size: { type: 'integer', minimum: 1, maximum: 10 },
    colour: { type: 'string', enum: ['red', 'green'] },
    code: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
    port: { 'x-kubernetes-int-or-string': true },
    since: { type: 'string', format: 'date-time' },
    note: { type: 'string', nullable: true },
    limits: { type: 'object', additionalProperties: { type: 'string' } },
    parts: {
      type: 'array',
      maxItems: 3,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
    },
    tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    choice: { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }], properties: {} },
  },
};
const schema: Schema = { type: 'object', required: ['spec'], properties: { spec } };

const problems = (value: unknown) =>
  validateSchema({ spec: value }, schema).map(({ type, field, detail }) =>
    `${field} ${type} ${detail}`.trim(),
  );

describe('validateSchema', () => {
  it('accepts what fits', () => {
    expect(
      problems({ size: 3, port: 'http', note: null, limits: { cpu: '1' }, parts: [{ name: 'a' }] }),
    ).toEqual([]);
    expect(problems({ size: 1, port: 80, since: '2020-01-01T00:00:00Z', tags: ['a', 'b'] })).toEqual([]);
  });

  it('tells what is missing', () => {
    expect(validateSchema({}, schema)).toEqual([{ type: 'FieldValueRequired', field: 'spec', detail: '' }]);
    expect(problems({})).toEqual(['spec.size FieldValueRequired']);
  });

  it('answers as the recorded server for values that do not fit', () => {
    expect(
      problems({
        size: 11,
        colour: 'blue',
        code: 'ABCDEF',
        port: 1.5,
        since: 'yesterday',
        limits: { cpu: 1 },
      }),
    ).toEqual([
      'spec.size FieldValueInvalid spec.size in body should be less than or equal to 10',
      'spec.colour FieldValueNotSupported supported values: "red", "green"',
      'spec.code FieldValueTooLong may not be more than 5 bytes',
      'spec.port FieldValueTypeInvalid spec.port in body must be of type integer,string: "number"',
      'spec.since FieldValueInvalid spec.since in body must be of type date-time: "yesterday"',
      'spec.limits.cpu FieldValueTypeInvalid spec.limits.cpu in body must be of type string: "integer"',
    ]);
  });

  it('refuses null where it is not allowed', () => {
    expect(problems({ size: null })).toEqual([
      'spec.size FieldValueTypeInvalid spec.size in body must be of type integer: "null"',
    ]);
  });

  it('refuses a second element with the same key, and too many elements', () => {
    expect(validateSchema({ spec: { size: 1, parts: [{ name: 'p' }, { name: 'p' }] } }, schema)).toEqual([
      { type: 'FieldValueDuplicate', field: 'spec.parts[1]', value: { name: 'p' }, detail: '' },
    ]);
    expect(problems({ size: 1, tags: ['a', 'a'] })).toEqual(['spec.tags[1] FieldValueDuplicate']);
    const many = ['a', 'b', 'c', 'd'].map((name) => ({ name }));
    expect(problems({ size: 1, parts: many })).toEqual([
      'spec.parts FieldValueTooMany must have at most 3 items',
    ]);
  });

  it('wants one and only one of several schemas', () => {
    expect(problems({ size: 1, choice: { a: 1 } })).toEqual([]);
    expect(problems({ size: 1, choice: { a: 1, b: 1 } })).toHaveLength(1);
  });
});

describe('CEL rules', () => {
  const withRule = (schema: Schema, rule: object): Schema => ({
    type: 'object',
    properties: { spec: { ...schema, 'x-kubernetes-validations': [rule as never] } },
  });
  const selector = withRule(
    {
      type: 'object',
      properties: { selector: { type: 'object', additionalProperties: { type: 'string' } } },
    },
    { rule: 'self.selector == oldSelf.selector', message: 'selector is immutable' },
  );

  it('compares with the old value, and only when there is one', () => {
    const old = { spec: { selector: { a: '1' } } };
    const next = { spec: { selector: { a: '2' } } };
    expect(validateSchema(next, selector)).toEqual([]);
    expect(validateSchema(old, selector, old)).toEqual([]);
    expect(validateSchema(next, selector, old)).toEqual([
      { type: 'FieldValueInvalid', field: 'spec', value: 'object', detail: 'selector is immutable' },
    ]);
  });

  it('counts with whole numbers, and tells the rule that fails when it has no message', () => {
    const schema = withRule(
      { type: 'object', properties: { 'min-size': { type: 'integer' }, max: { type: 'integer' } } },
      { rule: 'self.min__dash__size <= self.max' },
    );
    expect(validateSchema({ spec: { 'min-size': 1, max: 1 } }, schema)).toEqual([]);
    expect(validateSchema({ spec: { 'min-size': 2, max: 1 } }, schema)).toMatchObject([
      { detail: 'failed rule: self.min__dash__size <= self.max' },
    ]);
  });

  it('builds a message with an expression, and names the field of the rule', () => {
    const schema = withRule(
      { type: 'object', properties: { size: { type: 'integer' } } },
      {
        rule: 'self.size < 5',
        messageExpression: '"size is " + string(self.size)',
        fieldPath: '.size',
        reason: 'FieldValueForbidden',
      },
    );
    expect(validateSchema({ spec: { size: 7 } }, schema)).toEqual([
      { type: 'FieldValueForbidden', field: 'spec.size', value: 'object', detail: 'size is 7' },
    ]);
  });

  it('is checked in each element, against the element with the same key', () => {
    const schema: Schema = {
      type: 'object',
      properties: {
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            properties: { name: { type: 'string' }, size: { type: 'integer' } },
            'x-kubernetes-validations': [{ rule: 'self.size >= oldSelf.size', message: 'may not shrink' }],
          },
        },
      },
    };
    const old = {
      parts: [
        { name: 'a', size: 1 },
        { name: 'b', size: 5 },
      ],
    };
    const next = {
      parts: [
        { name: 'b', size: 4 },
        { name: 'a', size: 2 },
        { name: 'c', size: 0 },
      ],
    };
    expect(validateSchema(next, schema, old)).toMatchObject([
      { field: 'parts[0]', detail: 'may not shrink' },
    ]);
  });

  it('reports a rule that cannot be evaluated instead of failing', () => {
    const schema = withRule({ type: 'object', properties: {} }, { rule: 'self.nosuch > 1' });
    expect(validateSchema({ spec: {} }, schema)[0]?.detail).toMatch(
      /^rule evaluation error: .*self\.nosuch > 1$/,
    );
  });
});

describe('what was there before a schema became stricter', () => {
  const stricter: Schema = {
    type: 'object',
    properties: {
      size: { type: 'integer', maximum: 5 },
      spec: {
        type: 'object',
        required: ['owner'],
        properties: { owner: { type: 'string' }, size: { type: 'integer' }, note: { type: 'string' } },
        'x-kubernetes-validations': [{ rule: 'self.size < 5', message: 'too big' }],
      },
      parts: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { type: 'object', properties: { name: { type: 'string', maxLength: 1 } } },
      },
    },
  };

  it('is not held against writes of other fields', () => {
    const old = { size: 7, spec: { size: 9 }, parts: [{ name: 'long' }] };
    expect(validateSchema(old, stricter)).toHaveLength(3);
    expect(validateSchema({ ...old, other: 1 }, stricter, old)).toEqual([]);
    expect(validateSchema({ ...old, parts: [{ name: 'a' }, { name: 'long' }] }, stricter, old)).toEqual([]);
  });

  it('is held against writes that touch it', () => {
    const old = { size: 7, spec: { size: 9, owner: 'a' }, parts: [{ name: 'long' }] };
    expect(validateSchema({ ...old, size: 8 }, stricter, old)).toMatchObject([{ field: 'size' }]);
    expect(validateSchema({ ...old, spec: { size: 9 } }, stricter, old)).toMatchObject([
      { field: 'spec.owner' },
    ]);
    const touched = { ...old, spec: { ...old.spec, note: 'n' } };
    expect(validateSchema(touched, stricter, old)).toMatchObject([{ field: 'spec', detail: 'too big' }]);
  });
});
