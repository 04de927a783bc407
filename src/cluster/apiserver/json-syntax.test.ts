import { describe, expect, it } from 'vitest';
import { goQuote } from './go-quote.ts';
import { jsonSyntaxProblem } from './json-syntax.ts';

describe('says what is wrong with JSON', () => {
  it.each([
    ['', 'unexpected end of JSON input'],
    [' ', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a":', 'unexpected end of JSON input'],
    ['{"a":"b', 'unexpected end of JSON input'],
    ['[1', 'unexpected end of JSON input'],
    ['{}x', "invalid character 'x' after top-level value"],
    ['{"a":}', "invalid character '}' looking for beginning of value"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    [`{'a':1}`, `invalid character '\\'' looking for beginning of object key string`],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
    ['[1 2]', "invalid character '2' after array element"],
    ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['tru', "invalid character ' ' in literal true (expecting 'e')"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['-', "invalid character ' ' in numeric literal"],
    ['1.', "invalid character ' ' after decimal point in numeric literal"],
    ['1e+x', "invalid character 'x' in exponent of numeric literal"],
    ['01', "invalid character '1' after top-level value"],
    ['ü', "invalid character 'Ã' looking for beginning of value"],
  ])('%s', (text, problem) => {
    expect(jsonSyntaxProblem(Buffer.from(text))).toBe(problem);
  });

  it.each(['{}', ' [] ', '1', '-0.5e-3', '{"a":[true,false,null,"\\u00e4\\n",{}]}', '"ü"', '10', '0'])(
    'nothing: %s',
    (text) => {
      expect(JSON.parse(text)).toBeDefined();
      expect(jsonSyntaxProblem(Buffer.from(text))).toBeUndefined();
    },
  );
});

it.each([
  ['a', '"a"'],
  ['"\\', '"\\"\\\\"'],
  ['\x01\n\x7f', '"\\x01\\n\\x7f"'],
  ['ü😀', '"ü😀"'],
  ['\u00a0\u{e0001}', '"\\u00a0\\U000e0001"'],
])('quotes %j', (text, quoted) => {
  expect(goQuote(text)).toBe(quoted);
});
