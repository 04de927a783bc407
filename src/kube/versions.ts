import type { KubeObject } from '../api/index.ts';

/**
 * Whether one resourceVersion is before another. Versions of one API server are decimal numbers that grow; of others,
 * which cannot be compared, neither is before the other.
 */
export function isOlderVersion(a: string | undefined, b: string | undefined): boolean {
  if (!a || !b || !/^\d+$/.test(a) || !/^\d+$/.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}

/**
 * Whether a cached object is from before a write whose answer carried `written`: it must then not be acted on yet
 * (spec 06 §6.1, read your writes).
 */
export function isStale(cached: KubeObject, written: string | undefined): boolean {
  return isOlderVersion(cached.metadata?.resourceVersion, written);
}
