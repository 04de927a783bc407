import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpressionError, evaluate, evaluateTime, FLOAT, listOf, type Type, type Value } from './index.ts';

const NOW = Date.UTC(2026, 2, 2, 9, 0, 0);

/** True or false, or the message of the error. */
function verdict(expression: string, result: Value = null, resultType?: Type): boolean | string {
  try {
    return evaluate(expression, { result, now: NOW, ...(resultType && { resultType }) });
  } catch (error) {
    if (error instanceof ExpressionError) return error.problem;
    throw error;
  }
}

const floats = listOf(FLOAT);

describe('ANA-058 the worked examples of §5.5', () => {
  it.each<[Value, string, boolean | string, Type?]>([
    [[0.97], 'result[0] >= 0.95', true, floats],
    [[], 'result[0] >= 0.95', 'index out of range: 0 (array length is 0)', floats],
    [[], 'len(result) == 0 || result[0] >= 0.95', true, floats],
    [[], 'isNil(result)', false, floats],
    [[Number.NaN], 'result[0] >= 0.95', false, floats],
    [[Number.NaN], 'isNaN(result[0]) || result[0] >= 0.95', true, floats],
    [[Number.POSITIVE_INFINITY], 'isInf(result[0])', true, floats],
    [[1, 2, 3], 'all(result, # < 4) and mean(result) == 2', true, floats],
    [[2, 2], '2 in result', true, floats],
    [null, 'result < 0.05', 'invalid operation: <nil> < float64'],
    [null, 'default(result, 0) < 0.05', true],
    [null, 'isNil(result) || result < 0.05', true],
    [null, 'result == nil || default(result, 0) < 0.05', true],
    [{ ok: true, pct: 0.95 }, 'result.ok && result.pct >= 0.9', true],
    [{ ok: true, pct: 0.95 }, 'result.missing > 1', 'invalid operation: <nil> > int'],
    [{ ok: true, pct: 0.95 }, '(result.missing ?? 0) < 1', true],
    [{ ok: true, pct: 0.95 }, 'default(result.missing, 0) < 1', true],
    ['1.2', 'asFloat(result) > 1.1', true],
    ['1.2', 'result > 1', 'invalid operation: > (mismatched types string and int)'],
    ['true', 'result == true', 'invalid operation: == (mismatched types string and bool)'],
    [5, '1', 'expected bool, but got int'],
    [[{ c: 1 }, { c: 9 }], 'max(map(result, .c)) < 10', true],
    [
      [{ Values: [0, 0, 0, 0, 0.01] }],
      'len(result[0].Values) >= 5 and all(result[0].Values, {# <= 0.01})',
      true,
    ],
  ])('%j: %s', (result, expression, expected, type) => {
    expect(verdict(expression, result, type)).toBe(expected);
  });
});

describe('ANA-054 grammar', () => {
  it.each([
    // literals and comments
    '0x2A == 42 and 0o52 == 42 and 0b101010 == 42 and 1_000 == 1000',
    '.5 + 0.5 == 1e0',
    String.raw`"a\tb\u0041\x42" == 'a	bAB' and ${'`raw\\n`'} == "raw\\n"`,
    '[1, 2,] == [1, 2] // the rest is silence',
    '/* before */ {a: 1, "b": 2, ("c" + "d"): 3,}.cd == 3',
    'type(b"xyz") == "array" and len(b"xyz") == 3',
    // precedence
    '1 + 2 * 3 == 7 and (1 + 2) * 3 == 9',
    '2 ** 3 ** 2 == 512 and 2 ^ 2 == 4.0 and -2 ** 2 == -4',
    'not false and true or false',
    '!true == false',
    'true || false && false',
    '1..3 == [1, 2, 3] and len(1..2 + 1) == 3',
    '-1 + 2 == 1 and - -1 == 1',
    // infix words
    '2 in [1, 2] and 3 not in [1, 2]',
    '"abc" contains "b" and "abc" not contains "x"',
    '"abc" startsWith "a" and "abc" endsWith "c" and "abc" not endsWith "a"',
    '"v1.2.3" matches "^v[0-9.]+$" and "x" not matches "y"',
    'not (nil matches "a")',
    // chains, conditions, nil
    '1 < 2 < 3 and not (1 < 3 < 2) and 1 <= 1 < 2',
    '(nil ?? 1) == 1 and (nil ?? nil ?? 2) == 2',
    'true ? true : false',
    '(false ? 1 : 2) == 2 and (false ?: true)',
    'if 1 > 2 { false } else if 2 > 3 { false } else { true }',
    '{a: {b: 1}}?.a?.b == 1 and {a: 1}?.x?.y?.z == nil and nil?.[0] == nil',
    // members and slices
    '[1, 2, 3][-1] == 3 and {a: 1}["a"] == 1 and {a: 1}.b == nil',
    '[1, 2, 3, 4][1:3] == [2, 3] and [1, 2][:9] == [1, 2] and [1, 2, 3][-2:] == [2, 3] and "hello"[1:3] == "el"',
    // sequences, variables
    'let x = 2; let y = x * 2; x + y == 6',
    '1; 2; true',
    // predicates
    'all([1, 2], {# > 0}) and any([1, 2], # == 2) and none([1], # > 1) and one([1, 2], # > 1)',
    'map([1, 2], # * #index) == [0, 2] and filter(1..4, # % 2 == 0) == [2, 4]',
    'reduce([1, 2, 3], #acc + #, 10) == 16 and reduce([1, 2, 3], #acc + #) == 6',
    'any([[1], [2, 3]], any(#, # == 3))',
    'all([{a: 1}, {a: 2}], .a > 0)',
    // calls
    '[3, 1] | sort() | first() == 1',
    '"A,b" | lower() | split(",") | len() == 2',
    '::len("abc") == 3',
    "'result' in $env and $env.result == nil",
  ])('%s', (expression) => {
    expect(verdict(expression)).toBe(true);
  });

  it.each([
    [
      'nil ?? 1 > 2',
      'Operator (>) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.',
    ],
    ['1 +', 'unexpected token end of expression'],
    ['(1', 'unexpected token end of expression, expected )'],
    ['1 2', 'unexpected token number "2"'],
    ['"abc', 'literal not terminated'],
    ['1abc == 1', 'bad number syntax: "1abc"'],
    ['a ~ b', "unrecognized character: U+007E '~'"],
    ['# > 1', '# is only known inside a predicate'],
    ['99999999999999999999 > 1', 'invalid integer: 99999999999999999999'],
    ['foo > 1', 'unknown name foo'],
    ['foo(1)', 'unknown name foo'],
    ['len()', 'not enough arguments to call len'],
    ['len("a", "b") > 1', 'too many arguments to call len'],
    ['len(1) > 1', 'invalid argument for len (type int)'],
    ['"a" matches "("', 'error parsing regexp: missing closing ): `(`'],
    ['let len = 1; true', 'cannot redeclare builtin len'],
    ['let result = 1; true', 'cannot redeclare variable result'],
    ['1 and true', 'invalid operation: and (mismatched types int and bool)'],
    ['1 ? true : false', 'non-bool expression (type int) used as condition'],
    ['all([1], # + 1)', 'predicate should return boolean (got int)'],
    ['"a" + 1 == "a1"', 'invalid operation: + (mismatched types string and int)'],
    ['now() > 1', 'invalid operation: > (mismatched types time.Time and int)'],
    ['[1]["a"] == 1', 'array elements can only be selected using an integer (got string)'],
  ])('refuses %s', (expression, problem) => {
    expect(verdict(expression)).toBe(problem);
  });

  it('points at the place in the source', () => {
    expect(() => evaluate('len(result) > 0 &&\n  foo', { result: [], now: NOW })).toThrow(
      'unknown name foo (2:3)\n |   foo\n | ..^',
    );
  });

  it('refuses mismatched types even in a branch that would not run', () => {
    expect(verdict('true || result > 1', 'text')).toBe(
      'invalid operation: > (mismatched types string and int)',
    );
  });
});

describe('typing at run time (ANA §5.3)', () => {
  it.each<[Value, string, boolean | string]>([
    [{ a: 'x' }, 'result.a > 1', 'invalid operation: string > int'],
    [{ a: 'x' }, 'result.a == 1', false],
    [{ a: 1 }, 'result.a == 1 and result.a in [1]', true],
    [{}, 'result.a.b == 1', 'cannot fetch b from <nil>'],
    [[1, 2], 'result[3] == 1', 'index out of range: 3 (array length is 2)'],
    [2, 'result % 2 == 0', 'invalid operation: % (mismatched types float64 and int)'],
    [{ a: 2 }, 'result.a % 2 == 0', 'invalid operation: float64 % int'],
    [{ a: 1 }, 'result.a', 'expected bool, but got float64'],
    [{ a: 1 }, 'result.a and true', 'operand of and should be bool (got float64)'],
    [0, '7 / 2 == 3.5 and 7 % 4 == 3 and type(7 / 7) == "float" and type(7 * 7) == "int"', true],
    [Number.NaN, 'result != result and not (result == result) and not (result < 1)', true],
    [0, '1 / 0 > 1e308 and isInf(-1 / 0) and 1 % 0 == 0', 'integer divide by zero'],
    [0, '9223372036854775807 + 1 < 0', true],
  ])('%j: %s', (result, expression, expected) => {
    expect(verdict(expression, result)).toBe(expected);
  });

  it('sees nothing of JavaScript in a result', () => {
    expect(
      verdict('result.constructor == nil and result.__proto__ == nil and result["toString"] == nil', {}),
    ).toBe(true);
    expect(verdict('"constructor" in result', {})).toBe(false);
    expect(verdict('constructor(1)')).toBe('unknown name constructor');
  });
});

describe('ANA-055 built-in functions', () => {
  it.each([
    'all([], false) and none([], true) and not any([], true) and not one([], true)',
    'sum([]) == 0 and find([], true) == nil and findIndex([], true) == -1',
    'find([1, 2, 3], # > 1) == 2 and findIndex([1, 2, 3], # > 1) == 1',
    'findLast([1, 2, 3], # < 3) == 2 and findLastIndex([1, 2, 3], # < 3) == 1',
    'count([true, false]) == 1 and count([1, 2], # > 1) == 1 and sum([1, 2], # * 2) == 6 and sum([0.5, 1]) == 1.5',
    'groupBy([1, 2, 3], # % 2)[1] == [1, 3]',
    'sortBy([{a: 2}, {a: 1}], .a)[0].a == 1 and sortBy([1, 2], #, "desc") == [2, 1]',
    'abs(-1) == 1 and ceil(1.2) == 2 and floor(1.8) == 1 and round(2.5) == 3 and round(-2.5) == -3',
    'type(round(1)) == "float" and type(abs(-1)) == "int"',
    'max(1, [2, [3.5]]) == 3.5 and min([2, 1]) == 1 and max([]) == nil',
    'mean([1, 2]) == 1.5 and mean([]) == 0 and median([3, 1, 2]) == 2 and median([1, 2]) == 1.5 and median([]) == 0',
    'int("12") == 12 and int(1.9) == 1 and float("1.5") == 1.5 and type(float(1)) == "float"',
    'trim("  a ") == "a" and trim("__a_", "_") == "a" and trimPrefix("ab", "a") == "b" and trimSuffix("ab", "b") == "a"',
    'upper("a") == "A" and lower("A") == "a"',
    'split("a,b,c", ",") == ["a", "b", "c"] and split("a,b,c", ",", 2) == ["a", "b,c"]',
    'splitAfter("a,b", ",") == ["a,", "b"]',
    'replace("aXbX", "X", "-") == "a-b-" and repeat("ab", 2) == "abab" and join(["a", "b"], "-") == "a-b"',
    'indexOf("abcb", "b") == 1 and lastIndexOf("abcb", "b") == 3 and indexOf("a", "z") == -1',
    'hasPrefix("ab", "a") and hasSuffix("ab", "b") and string(1.5) == "1.5" and string([1, nil]) == "[1 <nil>]"',
    'len("häß") == 3 and len([1]) == 1 and len({a: 1}) == 1',
    'first([]) == nil and last([1, 2]) == 2 and get([1], 5) == nil and get({a: 1}, "a") == 1',
    'take([1, 2, 3], 2) == [1, 2] and reverse([1, 2]) == [2, 1] and sort([2, 1], "desc") == [2, 1]',
    'uniq([1, 1.0, "1", [1], [1]]) == [1, "1", [1]] and concat([1], [2]) == [1, 2] and flatten([1, [2, [3]]]) == [1, 2, 3]',
    'keys({a: 1}) == ["a"] and values({a: 1}) == [1] and toPairs({a: 1}) == [["a", 1]] and fromPairs([["a", 1]]).a == 1',
    'fromJSON("{\\"a\\": [1]}").a[0] == 1 and toJSON({b: 1}) == "{\\n  \\"b\\": 1\\n}"',
    'toBase64("hé") == "aMOp" and fromBase64("aMOp") == "hé"',
    'bitand(6, 3) == 2 and bitor(6, 3) == 7 and bitxor(6, 3) == 5 and bitnand(6, 3) == 4 and bitnot(0) == -1',
    'bitshl(1, 3) == 8 and bitshr(-8, 1) == -4 and bitushr(-1, 63) == 1',
    'type(nil) == "nil" and type(1) == "int" and type(1.5) == "float" and type("a") == "string" and type(true) == "bool"',
    'type([]) == "array" and type({}) == "map" and type(now()) == "time.Time"',
    'now().Year() == 2026 and now().Hour() == 9 and now() - duration("1h") < now()',
    '(now() - date("2026-03-02")).Hours() == 9 and duration("90s").Minutes() == 1.5',
    'date("2026-03-02T10:00:00+01:00") == now() and date("02.03.2026", "02.01.2006").Month() == 3',
    'date("2026-03-02 10:00:00", "2006-01-02 15:04:05", "Europe/Zurich") == now()',
    'now().In(timezone("Europe/Zurich")).Hour() == 10 and now().Format("Jan 2, 2006 at 3:04PM") == "Mar 2, 2026 at 9:00AM"',
    'now().Unix() == 1772442000 and now().Weekday() == 1',
  ])('%s', (expression) => {
    expect(verdict(expression)).toBe(true);
  });

  it('ANA-056 asInt and asFloat convert or say why not', () => {
    expect(
      verdict('asInt("42") == 42 and asInt(-1.9) == -1 and asFloat("1e3") == 1000 and isNaN(asFloat("NaN"))'),
    ).toBe(true);
    expect(verdict('asInt("1.1") == 1')).toBe('strconv.ParseInt: parsing "1.1": invalid syntax');
    expect(verdict('asFloat("x") == 1')).toBe('strconv.ParseFloat: parsing "x": invalid syntax');
    expect(verdict('asInt([1]) == 1')).toBe('asInt() not supported on []interface {} [1]');
    expect(verdict('asFloat(true) == 1')).toBe('asFloat() not supported on bool true');
    expect(verdict('isNaN("x")')).toBe('cannot use string as argument (type float64) to call isNaN');
    expect(verdict('isInf(-1 / 0) and not isInf(1) and isNaN(0 / 0) and not isNaN(1)')).toBe(true);
  });

  it('ANA-057 default and isNil for nil, empty and other results', () => {
    expect(verdict('default(result, 7) == 7 and isNil(result)', null)).toBe(true);
    expect(verdict('default(result, 7) == [] and not isNil(result)', [])).toBe(true);
    expect(verdict('default(result, 7) == 1 and not isNil(result)', 1)).toBe(true);
  });
});

describe('times of range queries', () => {
  it('gives an instant', () => {
    expect(evaluateTime('now() - duration("1h")', NOW)).toBe(NOW - 3_600_000);
  });

  it('wants a time, and knows no result', () => {
    expect(() => evaluateTime('1', NOW)).toThrow('expected time.Time, but got int');
    expect(() => evaluateTime('result', NOW)).toThrow('unknown name result');
  });
});

describe('bounds', () => {
  it.each([
    ['1..2000000 == []', 'memory budget exceeded'],
    ['len(repeat("ab", 9999999)) > 1', 'memory budget exceeded'],
    ['len(map(1..1000, 1..1000)) > 1', 'memory budget exceeded'],
    ['any(result, any(result, any(result, false)))', 'expression takes too many steps'],
    ['any(1..1000, repeat("a", 9000) matches "b")', 'memory budget exceeded'],
    ['let text = repeat("a", 500000); any(1..1000, text matches "b")', 'expression takes too many steps'],
    [`${'('.repeat(5000)}1`, 'expression is nested deeper than 400 levels'],
    [`1${'+1'.repeat(5000)} > 1`, 'expression has more than 1000 operations in one chain'],
    [`[${'1,'.repeat(20_000)}] == 1`, 'expression exceeds 10000 nodes'],
    ['1'.repeat(200_000), 'expression is longer than 100000 characters'],
  ])('%.60s', (expression, problem) => {
    const result = Array.from({ length: 1000 }, (_, i) => i);
    expect(verdict(expression, result)).toBe(problem);
  });

  it('matches in linear time', () => {
    expect(verdict(`result matches "^(a+)+$"`, `${'a'.repeat(5000)}b`)).toBe(false);
  });

  it('survives any text: it is a verdict or an ExpressionError', () => {
    const word = fc.constantFrom(
      ...'result # . ?. ?? ? : :: ; , ( ) [ ] { } + - * / % ** ^ == != < > <= >= && || ! not and or in matches .. | let x = if else'.split(
        ' ',
      ),
      ...'1 2.5 "s" nil true all map filter reduce len #acc #index $env isNil default b"x" `r` // /* */'.split(
        ' ',
      ),
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 40 }).map((words) => words.join(' ')),
    );
    const result = fc.constantFrom<Value>(null, [1, 2], { a: [1] }, 'x', 1);
    fc.assert(
      fc.property(text, result, (expression, value) => {
        expect(['boolean', 'string']).toContain(typeof verdict(expression, value));
      }),
      { numRuns: 3000 },
    );
  });

  it('reads numbers back as they are', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), (number) => {
        expect(verdict(`result == ${number.toExponential()}`, number)).toBe(true);
      }),
    );
  });
});
