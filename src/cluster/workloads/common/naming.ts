import { createHash } from 'node:crypto';

/** Without vowels and look-alikes, so that no suffix is a word: what Kubernetes ends generated names with. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** The longest prefix that leaves room for a suffix in a name of 63 characters, as Kubernetes cuts it. */
const MAX_PREFIX = 58;

/** `<prefix>-<5 characters>`; the same parts give the same name. */
export function generatedName(prefix: string, ...parts: readonly unknown[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  const suffix = Array.from({ length: 5 }, (_, i) => ALPHABET[digest.readUInt16BE(i * 2) % ALPHABET.length]);
  return `${`${prefix}-`.slice(0, MAX_PREFIX)}${suffix.join('')}`;
}
