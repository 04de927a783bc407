import { expect, it } from 'vitest';
import { encodeOpenApiV2 } from './openapi-protobuf.ts';

it('encodes schemas as gnostic has them', () => {
  const bytes = encodeOpenApiV2({
    swagger: '2.0',
    info: { title: 'T', version: 'v' },
    paths: {},
    definitions: {
      A: {
        type: 'object',
        required: ['b'],
        properties: { b: { $ref: '#/b' } },
        additionalProperties: true,
        'x-y': [1],
      } as object,
    },
  });
  const schema = [
    '9a0101' + '62', // required: b
    'aa0102' + '1001', // additionalProperties: true
    'b20108' + '0a06' + '6f626a656374', // type: object
    'ca010c' + '0a0a' + '0a0162' + '1205' + '0a03232f62', // properties: b with $ref
    'fa010c' + '0a03782d79' + '1205' + '1203' + '5b315d', // x-y as YAML
  ].join('');
  const named = `0a0141${'12'}${(schema.length / 2).toString(16)}${schema}`;
  const definitions = `0a${(named.length / 2).toString(16)}${named}`;
  expect(bytes.toString('hex')).toBe(
    [
      '0a03322e30',
      '1206' + '0a0154' + '120176',
      '4200',
      `4a${(definitions.length / 2).toString(16)}`,
      definitions,
    ].join(''),
  );
});
