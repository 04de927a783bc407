import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileJsonPath, JsonPathMissing } from './jsonpath.ts';
import { JsonPathSyntaxError } from './parse.ts';

const document = {
  status: 'ok',
  'a.b': 1,
  items: [
    { name: 'x', value: 1, tags: ['t'] },
    { name: 'y', value: 2 },
  ],
  none: null,
};
const select = (path: string) => compileJsonPath(path).select(document);

describe('JSONPath as kubectl writes it (ANA §6.2)', () => {
  it.each<[string, unknown]>([
    ['{$}', document],
    ['{.}', document],
    ['{$.status}', 'ok'],
    ['{.status}', 'ok'],
    ['{status}', 'ok'],
    ["{['status']}", 'ok'],
    ["{$['a.b']}", 1],
    [String.raw`{.a\.b}`, 1],
    ['{.items[0].name}', 'x'],
    ['{.items[-1].name}', 'y'],
    ['{.items[*].value}', 1],
    ['{.items[1:].name}', 'y'],
    ['{.items[0:2:1].name}', 'x'],
    ['{.items[?(@.name=="y")].value}', 2],
    ['{.items[?(@.value > 1)].name}', 'y'],
    ['{.items[?(@.tags)].name}', 'x'],
    ['{..value}', 1],
    ['{.items[*].tags[0]}', 't'],
    ["{['status','none']}", 'ok'],
    ['{.none}', null],
    ['$.status', '$.status'],
    ['{"text"}', 'text'],
    ['{.*}', 'ok'],
  ])('%s', (path, expected) => {
    expect(select(path)[0]).toEqual(expected);
  });

  it('tells a missing key from an empty selection', () => {
    expect(() => select('{.missing}')).toThrow('missing is not found');
    expect(() => select('{.items[5]}')).toThrow('array index out of bounds: index 5, length 2');
    expect(() => select('{.constructor}')).toThrow('constructor is not found');
    expect(select('{.items[?(@.value > 9)]}')).toEqual([]);
  });

  it.each(['{.a', '{.items[}', '{.items[?(@.a=)]}', '{range .items}', '{.a b}', '{!}'])(
    'refuses %s',
    (path) => {
      expect(() => compileJsonPath(path)).toThrow(JsonPathSyntaxError);
    },
  );

  it('survives any text', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      '.',
      '..',
      '[',
      ']',
      '*',
      '?(',
      ')',
      '@',
      '$',
      '"',
      "'",
      'a',
      '0',
      '-1',
      ':',
      ',',
      '==',
      ' ',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(part).map((parts) => `{${parts.join('')}}`),
    );
    fc.assert(
      fc.property(text, (path) => {
        try {
          select(path);
        } catch (error) {
          expect(error).toSatisfy((e) => e instanceof JsonPathSyntaxError || e instanceof JsonPathMissing);
        }
      }),
    );
  });
});
