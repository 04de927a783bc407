import { describe, expect, it } from 'vitest';
import { AddressPool } from '../addresses.ts';
import { expandVariables } from './environment.ts';
import { fieldValue, type PodFacts, resourceValue } from './fields.ts';

const facts: PodFacts = {
  pod: { metadata: { name: 'p', labels: { app: 'x', 'a/b': 'y' } }, spec: { containers: [] } },
  podIP: '127.64.0.2',
  hostIP: '127.0.0.1',
  nodeName: 'kanari',
  capacity: { cpu: 4, memory: 8 * 2 ** 30 },
};
const limited = { name: 'c', resources: { limits: { memory: '64Mi', cpu: '1500m' } } };

describe('the downward API', () => {
  it('knows the fields of a pod', () => {
    expect(fieldValue('metadata.name', facts)).toBe('p');
    expect(fieldValue('status.podIP', facts)).toBe('127.64.0.2');
    expect(fieldValue("metadata.labels['a/b']", facts)).toBe('y');
    expect(fieldValue('metadata.labels', facts)).toBe('a/b="y"\napp="x"');
    expect(() => fieldValue('spec.foo', facts)).toThrow(
      'unsupported fieldPath "spec.foo"; allowed: metadata.name',
    );
  });

  it('knows resources, rounded up by their divisor; a missing limit is what the node has', () => {
    const { capacity } = facts;
    expect(resourceValue({ resource: 'limits.cpu' }, limited, capacity)).toBe('2');
    expect(resourceValue({ resource: 'limits.memory', divisor: '1Mi' }, limited, capacity)).toBe('64');
    expect(resourceValue({ resource: 'limits.cpu' }, { name: 'c' }, capacity)).toBe('4');
    expect(resourceValue({ resource: 'requests.cpu' }, { name: 'c' }, capacity)).toBe('0');
    expect(() => resourceValue({ resource: 'limits.gpu' }, limited, capacity)).toThrow('allowed: limits.cpu');
    const odd = { name: 'c', resources: { limits: { cpu: '1Q' } } };
    expect(() => resourceValue({ resource: 'limits.cpu' }, odd, capacity)).toThrow('"1Q" is no quantity');
  });
});

it.each([
  ['$(A)-$(B)', '1-$(B)'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$1'],
  ['$A $', '$A $'],
])('%s becomes %s', (text, expected) => {
  expect(expandVariables(text, { A: '1' })).toBe(expected);
});

describe('pod addresses', () => {
  it('come from the range, one after another, a freed one last', () => {
    const pool = new AddressPool('127.64.1.0/30');
    expect([pool.take(), pool.take(), pool.take()]).toEqual(['127.64.1.1', '127.64.1.2', '127.64.1.3']);
    expect(() => pool.take()).toThrow('no address is free in 127.64.1.0/30');
    pool.release('127.64.1.2');
    expect(pool.take()).toBe('127.64.1.2');
  });

  it('can be reserved for pods of an earlier agent', () => {
    const pool = new AddressPool('127.64.0.0/16');
    expect(pool.reserve('127.64.0.1')).toBe(true);
    expect(pool.reserve('127.64.0.1')).toBe(false);
    expect(pool.reserve('127.65.0.1')).toBe(false);
    expect(pool.take()).toBe('127.64.0.2');
  });

  it.each(['10.0.0.0/8', '127.0.0.0', '127.64.0.0/31', 'x/16'])('must be loopback: %s', (cidr) => {
    expect(() => new AddressPool(cidr)).toThrow('must be a range within 127.0.0.0/8');
  });
});
