import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalQuantity, compareQuantities, isQuantity, quantityValue } from './quantity.ts';

describe('quantities', () => {
  it.each([
    ['1', '1'],
    ['0.5', '500m'],
    ['1024Mi', '1Gi'],
    ['1000Mi', '1000Mi'],
    ['1.5Gi', '1536Mi'],
    ['1000', '1k'],
    ['1500', '1500'],
    ['1e3', '1e3'],
    ['0', '0'],
    ['-2000m', '-2'],
    ['0.1u', '100n'],
    ['1100m', '1100m'],
    ['lots', 'lots'],
  ])('%s is written %s', (given, written) => {
    expect(canonicalQuantity(given)).toBe(written);
  });

  it.each(['', 'lots', '1.2.3', '1Zi', '--1', '1 Gi'])('%j is none', (text) => {
    expect(isQuantity(text)).toBe(false);
    expect(quantityValue(text)).toBeUndefined();
  });

  it('compares across suffixes', () => {
    expect(compareQuantities('1', '1000m')).toBe(0);
    expect(compareQuantities('1Gi', '1G')).toBeGreaterThan(0);
    expect(compareQuantities('200m', '1')).toBeLessThan(0);
  });

  it('keeps its value when it is written anew, and is then settled', () => {
    const suffix = fc.constantFrom('', 'm', 'u', 'n', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'E-2');
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), suffix, (number, unit) => {
        const given = `${number}${unit}`;
        const written = canonicalQuantity(given);
        expect(compareQuantities(given, written)).toBe(0);
        expect(canonicalQuantity(written)).toBe(written);
      }),
    );
  });
});
