import { describe, expect, it } from 'vitest';
import { applyDefaults } from './defaults.ts';
import type { Schema } from './schema.ts';

const schema: Schema = {
  type: 'object',
  properties: {
    colour: { type: 'string', default: 'red' },
    note: { type: 'string', nullable: true, default: 'none' },
    nested: { type: 'object', default: {}, properties: { mode: { type: 'string', default: 'auto' } } },
    absent: { type: 'object', properties: { mode: { type: 'string', default: 'auto' } } },
    parts: {
      type: 'array',
      items: { type: 'object', properties: { count: { type: 'integer', default: 1 } } },
    },
    byName: {
      type: 'object',
      additionalProperties: { type: 'object', properties: { count: { type: 'integer', default: 1 } } },
    },
  },
};

describe('applyDefaults', () => {
  it('fills in what is missing, also in objects that are there by default, list elements and map entries', () => {
    expect(applyDefaults({ parts: [{}, { count: 2 }], byName: { a: {} } }, schema)).toEqual({
      colour: 'red',
      note: 'none',
      nested: { mode: 'auto' },
      parts: [{ count: 1 }, { count: 2 }],
      byName: { a: { count: 1 } },
    });
  });

  it('replaces null only where a field may not be null', () => {
    expect(applyDefaults({ colour: null, note: null }, schema)).toMatchObject({ colour: 'red', note: null });
  });

  it('shares nothing with the schema', () => {
    const first = applyDefaults<{ nested?: { mode: string } }>({}, schema);
    first.nested!.mode = 'changed';
    expect(applyDefaults({}, schema)).toMatchObject({ nested: { mode: 'auto' } });
  });
});
