import { describe, expect, it } from 'vitest';
import { parseLabelSelector } from './label-selector.ts';

describe('parseLabelSelector', () => {
  it.each([
    ['app=web', { app: 'web' }, { app: 'db' }],
    ['app == web', { app: 'web' }, {}],
    ['app!=web', {}, { app: 'web' }],
    ['app', { app: '' }, {}],
    ['!app', {}, { app: '' }],
    ['! app , tier', { tier: '' }, { app: '', tier: '' }],
    ['app=', { app: '' }, { app: 'web' }],
    ['app=,tier=x', { app: '', tier: 'x' }, { tier: 'x' }],
    ['app in (a, b)', { app: 'b' }, { app: 'c' }],
    ['app in ()', { app: '' }, { app: 'a' }],
    ['app in (,a)', { app: '' }, { app: 'b' }],
    ['app in (in,notin)', { app: 'in' }, { app: 'x' }],
    ['app notin (a)', {}, { app: 'a' }],
    ['in=notin', { in: 'notin' }, {}],
    ['in in (a)', { in: 'a' }, {}],
    ['size>9', { size: '10' }, { size: 'x' }],
    ['size<10', { size: '9' }, { size: '10' }],
    ['example.com/app=web', { 'example.com/app': 'web' }, { app: 'web' }],
    ['app=web,', { app: 'web' }, undefined],
  ] as [string, Record<string, string>, Record<string, string> | undefined][])(
    'reads %s',
    (text, match, other) => {
      if (other === undefined) {
        expect(() => parseLabelSelector(text)).toThrow("found '', expected: identifier after ','");
        return;
      }
      const selects = parseLabelSelector(text)!;
      expect(selects(match)).toBe(true);
      expect(selects(other)).toBe(false);
    },
  );

  it.each(['', '  '])('selects everything with %j', (text) => {
    expect(parseLabelSelector(text)).toBeUndefined();
  });

  it.each([
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
    ['a,,b', "found ',', expected: identifier after ','"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['a===b', "unable to parse requirement: found '=', expected: identifier"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ['a in (b,=)', "unable to parse requirement: found '=', expected: ',', or identifier"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    [
      'a>x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    ['-a=b', /^unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of /],
    ['a=-b', /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-b": a valid label must be /],
    [
      'a in (-b,c-)',
      /^unable to parse requirement: \[values\[0\]\[a\]: Invalid value: "-b": .*, values\[1\]\[a\]: Invalid value: "c-": .*\]$/,
    ],
  ])('refuses %s', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(message);
  });
});
