import { describe, expect, it } from 'vitest';
import { checkRules, ruleProblem } from '../rules.ts';
import type { Schema } from '../schema.ts';

const schema: Schema = {
  type: 'object',
  properties: {
    s: { type: 'string' },
    l: { type: 'array', items: { type: 'integer' } },
    m: { type: 'object', additionalProperties: { type: 'string' } },
    i: { type: 'integer' },
    n: { type: 'number' },
    d: { type: 'string', format: 'duration' },
    t: { type: 'string', format: 'date-time' },
    ios: { 'x-kubernetes-int-or-string': true },
    'e.x': { type: 'integer' },
    if: { type: 'integer' },
    'x-y': { type: 'integer' },
    nullable: { type: 'string', nullable: true },
  },
};
const object = {
  ...{ s: 'abc', l: [1, 2, 3], m: { a: '1' }, i: 5, n: 1.5, d: '1h', t: '2020-01-01T00:00:00Z', ios: 5 },
  ...{ 'e.x': 1, if: 1, 'x-y': 2, metadata: { name: 'n' }, nullable: null },
};
const broken = (rule: string, of: object = object, boundMs?: number) =>
  checkRules(of, { ...schema, 'x-kubernetes-validations': [{ rule }] }, undefined, boundMs).map(
    ({ detail }) => detail,
  );

describe('expressions', () => {
  it.each([
    "!format.dns1123Label().validate('a-b').hasValue() && format.dns1123Subdomain().validate('A_B').hasValue()",
    "cidr('2001:db8:1::1/32').masked() == cidr('2001:db8::/32')",
    "self.s.matches('^[a-z]+$')",
    "self.s.startsWith('a') && self.s.endsWith('c') && self.s.contains('b')",
    'self.l.all(x, x > 0) && self.l.exists(x, x == 1) && self.l.exists_one(x, x == 1)',
    'self.l.filter(x, x > 1).size() == 2',
    'self.m.all(k, self.m[k].size() > 0)',
    'has(self.m) && !has(self.zz)',
    "'a' in self.m",
    'self.l.sum() == 6',
    'self.l.min() == 1 && self.l.max() == 3',
    'self.l.isSorted()',
    'self.l.indexOf(2) == 1 && self.l.lastIndexOf(2) == 1',
    "self.s.indexOf('b') == 1",
    "self.s.lowerAscii() == 'abc' && self.s.upperAscii() == 'ABC'",
    "self.s.replace('a','b') == 'bbc'",
    "self.s.split('b') == ['a','c']",
    "self.s.substring(1) == 'bc' && self.s.substring(0,1) == 'a'",
    "self.s.charAt(0) == 'a'",
    "['a','b'].join('-') == 'a-b'",
    "' a '.trim() == 'a'",
    "'abc'.find('[bc]+') == 'bc'",
    "'abcb'.findAll('b') == ['b','b']",
    "isURL('https://a.b/c') && url('https://a.b:80/c').getHost() == 'a.b:80'",
    "url('https://a.b:80/c?x=1').getHostname() == 'a.b' && url('https://a.b:80/c').getPort() == '80' && url('https://a.b/c').getScheme() == 'https' && url('https://a.b/c').getEscapedPath() == '/c'",
    "url('https://a.b/c?x=1').getQuery() == {'x': ['1']}",
    "isQuantity('1Gi') && quantity('1Gi').isGreaterThan(quantity('1Mi'))",
    "quantity('1k').compareTo(quantity('1000')) == 0 && quantity('50k').isInteger() && quantity('1').add(quantity('2')) == quantity('3')",
    "quantity('2').asInteger() == 2",
    "quantity('1.5').asApproximateFloat() == 1.5",
    "quantity('2').sub(1) == quantity('1') && quantity('-1').sign() == -1",
    "isIP('1.2.3.4') && ip('1.2.3.4').family() == 4 && ip('::1').isLoopback()",
    "isCIDR('10.0.0.0/8') && cidr('10.0.0.0/8').containsIP('10.1.1.1') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')",
    "cidr('10.0.0.0/8').prefixLength() == 8 && cidr('10.0.0.0/8').ip().family() == 4 && cidr('10.1.0.0/8').masked() == cidr('10.0.0.0/8')",
    "format.named('dns1123Label').hasValue()",
    "self.?zz.orValue('x') == 'x'",
    "self.?m.?a.orValue('') == '1'",
    'optional.of(1).hasValue() && optional.none().orValue(2) == 2',
    'type(self.i) == int && type(self.s) == string',
    "int('5') == 5 && string(5) == '5' && double('1.5') == 1.5 && uint('3') == uint(3)",
    "duration('1h') > duration('30m') && timestamp('2020-01-01T00:00:00Z') < timestamp('2021-01-01T00:00:00Z')",
    "timestamp('2020-01-01T00:00:00Z').getFullYear() == 2020 && duration('90s').getSeconds() == 90",
    "self.d == duration('1h')",
    'self.t.getFullYear() == 2020',
    "self.ios == 5 || self.ios == '5'",
    'type(self.ios) == int ? self.ios > 1 : true',
    'self.i / 2 == 2 && self.i % 2 == 1 && -self.i < 0',
    'self.i > 1 ? true : false',
    'self.e__dot__x == 1',
    'self.__if__ == 1',
    'self.x__dash__y == 2',
    'sets.contains([1,2,3],[1]) && sets.intersects([1],[1,2]) && sets.equivalent([1,2],[2,1])',
    "'%s is %d'.format(['a', 1]) == 'a is 1'",
    'self.l.slice(0,2) == [1,2] && self.l.flatten() == [1,2,3]',
    'self.l.sort() == [1,2,3] && self.l.distinct() == [1,2,3] && self.l.reverse() == [3,2,1]',
    'cel.bind(x, self.i, x == 5)',
    "self.metadata.name == 'n'",
    "self.s.matches('^(a|b)') && !self.s.matches('(?i)Z')",
    "dyn(self.s) == 'abc'",
    "self.l[0] == 1 && self.m['a'] == '1'",
    "self.l.exists(x, self.m.exists(k, k == 'a'))",
    '1.0 == 1.0 && self.n >= 0.5 && self.n * 2.0 == 3.0',
    'self.n > 1 && self.i > 0.5',
    'self.nullable == null',
  ])('%s', (rule) => {
    expect(ruleProblem(rule)).toBeUndefined();
    expect(broken(rule)).toEqual([]);
  });

  it.each([
    ["quantity('x').isInteger()", /quantities must match the regular expression/],
    ["ip('1.2.3').family() == 4", /parse error during conversion/],
    ["self.s.charAt(9) == ''", /index out of range/],
    ["self.s.matches('(')", /rule evaluation error/],
  ])('%s fails with a reason', (rule, reason) => {
    expect(broken(rule)).toEqual([expect.stringMatching(reason)]);
  });

  it('are broken off when they take too long', () => {
    const long = { ...object, l: Array.from({ length: 3000 }, (_, i) => i) };
    const rule = 'self.l.all(x, self.l.all(y, self.l.all(z, x + y + z >= 0)))';
    expect(broken(rule, long, 50)).toEqual([
      'validation failed due to running out of cost budget, no further validation rules will be run',
    ]);
    expect(broken('self.i == 5')).toEqual([]);
  });

  it('may ask whether there was an object before', () => {
    const rules = [{ rule: '!oldSelf.hasValue() || self.i >= oldSelf.value().i', optionalOldSelf: true }];
    const fits = (old: unknown) =>
      checkRules(object, { ...schema, 'x-kubernetes-validations': rules }, old).length === 0;
    expect([undefined, { i: 4 }, { i: 6 }].map(fits)).toEqual([true, true, false]);
  });
});
