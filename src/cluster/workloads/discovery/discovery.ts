import type { Logger } from 'pino';
import { CustomResourceDefinitions, type KubeObject, type ResourceType } from '../../../api/index.ts';
import type { Informers, KubeClient } from '../../../kube/index.ts';

/** A kind as the API server offers it. */
export interface ServedType extends ResourceType {
  verbs: readonly string[];
}

/** What kinds there are: those built in, and those of CustomResourceDefinitions as they come and go. */
export interface Discovery {
  /** Asks anew when something has changed; one version of each group, the preferred one. */
  types(): Promise<readonly ServedType[]>;
  /** Called after the kinds may have changed. Returns how to stop. */
  onChange(listener: () => void): () => void;
  stop(): void;
}

export function startDiscovery(client: KubeClient, informers: Informers, log: Logger): Discovery {
  const listeners = new Set<() => void>();
  let known: Promise<readonly ServedType[]> | undefined;
  const changed = () => {
    known = undefined;
    for (const listener of listeners) listener();
  };
  const unsubscribe = informers.informer(CustomResourceDefinitions).subscribe({
    added: changed,
    updated: (old, next) => {
      if (servedBy(old) !== servedBy(next)) changed();
    },
    deleted: changed,
  });
  return {
    types() {
      known ??= discover(client, log).catch((error) => {
        known = undefined;
        throw error;
      });
      return known;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    stop: unsubscribe,
  };
}

/** What of a definition decides whether and how its kind is served. */
function servedBy(crd: KubeObject): string {
  const { spec, status } = crd as {
    spec?: unknown;
    status?: { conditions?: { type: string; status: string }[] };
  };
  const conditions = status?.conditions?.map(({ type, status: is }) => `${type}=${is}`);
  return JSON.stringify([spec, conditions]);
}

interface ApiResourceList {
  resources?: { name: string; kind: string; namespaced: boolean; verbs?: string[] }[];
}

async function discover(client: KubeClient, log: Logger): Promise<readonly ServedType[]> {
  const { groups = [] } = await getJson<{
    groups?: { name: string; preferredVersion: { version: string } }[];
  }>(client, '/apis');
  const versions = [
    { group: '', version: 'v1', path: '/api/v1' },
    ...groups.map(({ name, preferredVersion: { version } }) => ({
      group: name,
      version,
      path: `/apis/${name}/${version}`,
    })),
  ];
  const lists = await Promise.all(
    versions.map(async ({ group, version, path }) => {
      try {
        return typesOf(group, version, await getJson<ApiResourceList>(client, path));
      } catch (error) {
        // One broken group (an aggregated API that is down) must not hide the others.
        log.warn({ err: error, path }, 'cannot discover a group of the API');
        return [];
      }
    }),
  );
  return lists.flat();
}

function typesOf(group: string, version: string, list: ApiResourceList): ServedType[] {
  return (list.resources ?? [])
    .filter(({ name }) => !name.includes('/'))
    .map(({ name, kind, namespaced, verbs = [] }) => ({
      group,
      version,
      kind,
      plural: name,
      namespaced,
      verbs,
    }));
}

async function getJson<T>(client: KubeClient, path: string): Promise<T> {
  const response = await client.request('GET', path, { headers: { accept: 'application/json' } });
  return (await response.json()) as T;
}
