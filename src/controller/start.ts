import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { fenced, Informers, type KubeClient, runWithLease } from '../kube/index.ts';
import { InformerCache } from './cache.ts';
import { cachesSynced, unsyncedCaches } from './caches-synced.ts';
import { type HttpServer, json, plainText, serve } from './http.ts';
import { ControllerMetrics } from './metrics/metrics.ts';
import { countRequests } from './metrics/requests.ts';
import type { ControllerOptions } from './options.ts';
import { startTeam, type Team, watchedTypes } from './team.ts';

export interface Controller {
  /** Ports that are served; for a port 0 in the options, the one that was found. */
  readonly metricsPort: number | undefined;
  readonly healthPort: number | undefined;
  /** How it came to its end: it was stopped, or has lost its Lease. Rejects when it cannot work. */
  readonly ended: Promise<'stopped' | 'lost'>;
  /** Finishes what is under way; idempotent. */
  stop(): Promise<void>;
}

const defaultResyncMs = 900_000;
const leaseName = 'argo-rollouts-controller-lock';

/**
 * Starts the controller. Resolves when it works; with leader election, when it has joined the candidates.
 * @throws ListenError when an address cannot be served
 */
export async function startController(options: ControllerOptions): Promise<Controller> {
  const { clock, log, namespace, instanceId } = options;
  const metrics = new ControllerMetrics({
    version: options.version ?? 'unknown',
    clock,
    // Before it leads, a controller watches no objects, and so has none to show.
    reader: {
      get: () => undefined,
      list: (type, within) => (team ? cache.list(type, within) : []),
      ownedBy: () => [],
    },
  });
  const client = countRequests(options.client, metrics.onRequest);
  const informers =
    options.informers ?? new Informers(client, { log, resyncMs: options.resyncMs ?? defaultResyncMs });
  const cache = new InformerCache(informers, {
    namespace,
    instanceId,
    shared: options.informers !== undefined,
  });
  const stopping = new AbortController();
  let team: Team | undefined;
  let leading = !options.leaderElection;

  const servers = await startServers(options, metrics, {
    healthy: () => !team?.workers.some((worker) => worker.stuck),
    unready: () => {
      if (!leading) return [];
      const missing = unsyncedCaches(cache, watchedTypes(cache));
      return team ? missing : [...missing, ...(missing.length === 0 ? [{ resource: 'workers' }] : [])];
    },
  });
  log.info(
    {
      version: options.version,
      namespace: namespace ?? '',
      instanceID: instanceId ?? '',
      metricsPort: servers.metrics?.port,
      healthzPort: servers.health?.port,
    },
    'Kanari controller starting',
  );

  async function work(writer: KubeClient, signal: AbortSignal, onWorking?: () => void): Promise<void> {
    leading = true;
    await Promise.race([cachesSynced(cache, watchedTypes(cache), log), aborted(signal)]);
    if (signal.aborted) return;
    team = startTeam({ ...options, client: writer, cache, metrics });
    log.info('caches are synced; working');
    onWorking?.();
    await aborted(signal);
    await team.stop();
    team = undefined;
  }

  const working = Promise.withResolvers<void>();
  const election = options.leaderElection;
  const ended: Promise<'stopped' | 'lost'> = (
    election
      ? runWithLease({
          ...election,
          client,
          clock,
          log,
          signal: stopping.signal,
          name: instanceId ? `${leaseName}-${instanceId}` : leaseName,
          identity: election.identity ?? `${hostname()}_${randomUUID()}`,
          lead: ({ signal, held }) => work(fenced(client, held), signal),
        })
      : work(client, stopping.signal, working.resolve)
  )
    .then((outcome): 'stopped' | 'lost' => (outcome === 'lost' ? 'lost' : 'stopped'))
    .finally(async () => {
      metrics.stop();
      await Promise.all([servers.metrics?.stop(), servers.health?.stop()]);
      if (!options.informers) await informers.stop();
    });
  // Whoever awaits it sees the failure; nobody has to.
  ended.catch(() => undefined);
  if (!election) await Promise.race([working.promise, ended]);

  return {
    metricsPort: servers.metrics?.port,
    healthPort: servers.health?.port,
    ended,
    async stop() {
      stopping.abort();
      await ended.catch(() => undefined);
    },
  };
}

interface Health {
  healthy(): boolean;
  /** What stands in the way of working. */
  unready(): unknown[];
}

async function startServers(
  { metricsAddress, healthAddress }: ControllerOptions,
  metrics: ControllerMetrics,
  { healthy, unready }: Health,
): Promise<{ metrics: HttpServer | undefined; health: HttpServer | undefined }> {
  const probes = {
    '/healthz': () => (healthy() ? plainText(200, 'ok') : plainText(503, 'a queue is stuck')),
    '/readyz': () => {
      const failing = unready();
      return failing.length === 0 ? plainText(200, 'ok') : json(503, failing);
    },
  };
  const { registry } = metrics;
  const scrape = async () => ({
    status: 200,
    contentType: registry.contentType,
    body: await registry.metrics(),
  });
  const health = healthAddress && (await serve('the probes', healthAddress, probes));
  try {
    return {
      health,
      metrics:
        metricsAddress && (await serve('the metrics', metricsAddress, { ...probes, '/metrics': scrape })),
    };
  } catch (error) {
    await health?.stop();
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
