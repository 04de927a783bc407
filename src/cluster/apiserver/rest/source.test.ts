import { describe, expect, it } from 'vitest';
import { duplicateFields, endOfField } from './source.ts';

const json = (text: string) => duplicateFields({ format: 'json', text });

describe('duplicateFields', () => {
  it('names what is there twice, wherever it stands', () => {
    const text = '{"a":{"b":1,"c":[{"d":"{\\"d\\":1}"},{"d":1, "d" : [2]}],"b":{"b":1}},"e":"a","a":null}';
    expect(json(text)).toEqual([
      'duplicate field "a.c[1].d"',
      'duplicate field "a.b"',
      'duplicate field "a"',
    ]);
  });

  it('finds none where names repeat in different objects', () => {
    expect(json('[{"a":1},{"a":{"a":[]}}]')).toEqual([]);
    expect(json('{}')).toEqual([]);
    expect(json('"a"')).toEqual([]);
  });

  it('reads text of any depth', () => {
    expect(json(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)).toEqual([]);
  });

  it('tells the line in YAML', () => {
    const text = 'kind: ConfigMap\nmetadata: {name: a, name: b}\ndata:\n  x: "1"\n  x: "2"\n';
    expect(duplicateFields({ format: 'yaml', text })).toEqual([
      'yaml: unmarshal errors:\n' +
        '  line 2: key "name" already set in map\n' +
        '  line 5: key "x" already set in map',
    ]);
    expect(duplicateFields({ format: 'yaml', text: 'a: 1\nb: {a: 1}' })).toEqual([]);
  });
});

describe('endOfField', () => {
  it('is behind the value', () => {
    const text = '{"data":{"one":"#"},"x":1}';
    expect(text.slice(0, endOfField(text, 'data.one'))).toBe('{"data":{"one":"#"');
    expect(endOfField(text, 'data.two')).toBeUndefined();
  });
});
