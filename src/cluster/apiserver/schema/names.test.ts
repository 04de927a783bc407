import { describe, expect, it } from 'vitest';
import {
  dnsLabel,
  dnsLabel1035,
  dnsSubdomain,
  labelValue,
  portName,
  portNumber,
  qualifiedName,
} from './names.ts';

describe('names', () => {
  it.each([
    ['a subdomain', dnsSubdomain, 'a.b-c.d1'],
    ['a label', dnsLabel, '1-a'],
    ['a service name', dnsLabel1035, 'a-1'],
    ['a label value', labelValue, ''],
    ['a label key', qualifiedName, 'app'],
    ['a key with a domain', qualifiedName, 'example.com/My_Key.1'],
    ['a port name', portName, 'http-2'],
  ])('accepts %s', (_what, rule, name) => {
    expect(rule(name)).toEqual([]);
  });

  it.each([
    ['a capital', dnsSubdomain, 'Pod'],
    ['a dot in a label', dnsLabel, 'a.b'],
    ['a digit first', dnsLabel1035, '1a'],
    ['a space', labelValue, 'c d'],
    ['two slashes', qualifiedName, 'a/b/c'],
    ['no name after the domain', qualifiedName, 'example.com/'],
    ['a port name without letters', portName, '80'],
    ['two hyphens', portName, 'a--b'],
  ])('refuses %s', (_what, rule, name) => {
    expect(rule(name)).not.toEqual([]);
  });

  it('limits the length', () => {
    expect(dnsLabel('a'.repeat(64))).toEqual(['must be no more than 63 characters']);
    expect(portName('a'.repeat(16))).toEqual(['must be no more than 15 characters']);
  });

  it('explains a refused pattern in the words of Kubernetes', () => {
    expect(dnsLabel('A_B')).toEqual([
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]);
    expect(dnsLabel('a.b')).toEqual(['must not contain dots']);
    expect(portNumber(70_000)).toEqual(['must be between 1 and 65535, inclusive']);
  });
});
