/**
 * Kubernetes' resource quantities: a decimal number with a suffix, e.g. `500m`, `1Gi`, `1e3`. Exact, as bigint, in
 * nano-units (the finest that Kubernetes keeps).
 */
const pattern = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(|[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)$/;

const decimal: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary: Record<string, number> = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 };
const nano = 10n ** 9n;

interface Quantity {
  nanos: bigint;
  style: 'decimal' | 'binary' | 'exponent';
}

export function isQuantity(value: string | number): boolean {
  return pattern.test(String(value));
}

function parse(text: string): Quantity | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [, sign, number = '0', suffix = ''] = match;
  const [whole = '', fraction = ''] = number.split('.');
  const digits = BigInt(whole + fraction || '0');
  const power = binary[suffix];
  const exponent = /^[eE](.+)$/.exec(suffix)?.[1];
  const scale = exponent !== undefined ? Number(exponent) : (decimal[suffix] ?? 0);
  // Digits beyond a nano-unit are rounded up, away from zero, as Kubernetes does.
  let numerator = digits * (power ? 1024n ** BigInt(power) : 1n) * nano;
  const shift = scale - fraction.length;
  if (shift >= 0) numerator *= 10n ** BigInt(shift);
  const divisor = shift < 0 ? 10n ** BigInt(-shift) : 1n;
  const nanos = (numerator + divisor - 1n) / divisor;
  const style = power ? 'binary' : exponent !== undefined ? 'exponent' : 'decimal';
  return { nanos: sign === '-' ? -nanos : nanos, style };
}

/** In units, for arithmetic that does not need to be exact; undefined when it is no quantity. */
export function quantityValue(value: string | number): number | undefined {
  const quantity = parse(String(value));
  return quantity && Number(quantity.nanos) / 1e9;
}

/** Negative, zero or positive; quantities that cannot be read count as equal. */
export function compareQuantities(a: string | number, b: string | number): number {
  const [x, y] = [parse(String(a)), parse(String(b))];
  if (!x || !y || x.nanos === y.nanos) return 0;
  return x.nanos < y.nanos ? -1 : 1;
}

/** As Kubernetes writes it: `0.5` is `500m`, `1024Mi` is `1Gi`; what is no quantity stays as it is. */
export function canonicalQuantity(value: string | number): string {
  const text = String(value);
  const quantity = parse(text);
  if (!quantity) return text;
  const { nanos, style } = quantity;
  if (nanos === 0n) return '0';
  const sign = nanos < 0n ? '-' : '';
  const size = nanos < 0n ? -nanos : nanos;
  if (style === 'binary' && size >= 1024n * nano && size % nano === 0n) {
    const units = size / nano;
    const suffix = Object.entries(binary)
      .reverse()
      .find(([, power]) => units % 1024n ** BigInt(power) === 0n);
    return suffix ? `${sign}${units / 1024n ** BigInt(suffix[1])}${suffix[0]}` : `${sign}${units}`;
  }
  const steps = style === 'exponent' ? exponents : decimals;
  const [suffix, scale] = steps.find(([, step]) => size % step === 0n) ?? ['n', 1n];
  return `${sign}${size / scale}${suffix}`;
}

const decimals: [string, bigint][] = Object.entries(decimal)
  .map(([suffix, exponent]): [string, bigint] => [suffix, 10n ** BigInt(exponent + 9)])
  .reverse();
const exponents: [string, bigint][] = [18, 15, 12, 9, 6, 3, 0, -3, -6, -9].map((exponent) => [
  exponent === 0 ? '' : `e${exponent}`,
  10n ** BigInt(exponent + 9),
]);

/** The sum, or with -1 the difference; quantities that cannot be read count as 0. */
export function addQuantities(a: string | number, b: string | number, sign: 1 | -1 = 1): string {
  const [x, y] = [parse(String(a)), parse(String(b))];
  return `${(x?.nanos ?? 0n) + BigInt(sign) * (y?.nanos ?? 0n)}n`;
}

/** As a whole number; undefined when it is none. */
export function wholeQuantity(value: string | number): bigint | undefined {
  const nanos = parse(String(value))?.nanos;
  return nanos !== undefined && nanos % nano === 0n ? nanos / nano : undefined;
}
