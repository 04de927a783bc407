import type { Logger } from 'pino';
import type { ResourceType } from '../api/index.ts';
import { isForbidden } from '../kube/index.ts';
import type { InformerCache } from './cache.ts';

/** The controller may not read what it needs. */
class ForbiddenError extends Error {
  override name = 'ForbiddenError';
}

/** How long a missing permission is waited for before the start is given up (OPS-008). */
const forbiddenPatienceMs = 120_000;

/** A cache that is not there yet. */
export interface UnsyncedCache {
  resource: string;
  /** Why the last attempt failed, if it did. */
  error?: string;
}

/** The caches that have not been filled yet, with the verb and resource of what is missing. */
export function unsyncedCaches(cache: InformerCache, types: readonly ResourceType[]): UnsyncedCache[] {
  return types
    .map((type) => ({ type, informer: cache.informer(type) }))
    .filter(({ informer }) => !informer.hasSynced())
    .map(({ type, informer: { lastError } }) => ({
      resource: type.group ? `${type.plural}.${type.group}` : type.plural,
      ...(lastError && { error: `list: ${lastError.message}` }),
    }));
}

/**
 * Waits until all caches are filled.
 * @throws ForbiddenError when a permission is missing for two minutes
 */
export async function cachesSynced(
  cache: InformerCache,
  types: readonly ResourceType[],
  log: Logger,
): Promise<void> {
  const watchdog = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const forbidden = types.filter((type) => isForbidden(cache.informer(type).lastError));
    if (forbidden.length === 0) return;
    const missing = unsyncedCaches(cache, forbidden);
    const names = missing.map(({ resource }) => `list,watch ${resource}`).join('; ');
    log.error({ missing }, 'permissions are missing');
    watchdog.reject(new ForbiddenError(`the controller lacks permissions: ${names}`));
  }, forbiddenPatienceMs);
  try {
    await Promise.race([Promise.all(types.map((type) => cache.informer(type).synced())), watchdog.promise]);
  } finally {
    clearTimeout(timer);
  }
}
