import type { DiscoveredGroup, DiscoveredVersion } from './resources.ts';

const groupVersionOf = ({ group, version }: Pick<DiscoveredVersion, 'group' | 'version'>) =>
  group ? `${group}/${version}` : version;

/** `/api`, for clients that know no aggregated discovery. */
export function apiVersions(groups: readonly DiscoveredGroup[], serverAddress: string) {
  const core = groups.find(({ name }) => name === '');
  return {
    kind: 'APIVersions',
    versions: core?.versions.map(({ version }) => version) ?? [],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `/apis`. */
export function apiGroupList(groups: readonly DiscoveredGroup[]) {
  const named = groups.filter(({ name, versions }) => name !== '' && versions.length > 0);
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(groupEntry) };
}

/** `/apis/<group>`. */
export function apiGroup(group: DiscoveredGroup) {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) };
}

function groupEntry({ name, versions }: DiscoveredGroup) {
  const entries = versions.map((served) => ({
    groupVersion: groupVersionOf(served),
    version: served.version,
  }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

/** `/api/v1`, `/apis/<group>/<version>`. */
export function apiResourceList(served: DiscoveredVersion) {
  return {
    kind: 'APIResourceList',
    ...(served.group && { apiVersion: 'v1' }),
    groupVersion: groupVersionOf(served),
    resources: served.resources,
  };
}

/**
 * Aggregated discovery, `apidiscovery.k8s.io`: everything in one answer.
 * @param core `/api` asks for the core group, `/apis` for all others
 */
export function aggregated(groups: readonly DiscoveredGroup[], version: string, core: boolean) {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups
      .filter(({ name, versions }) => (name === '') === core && versions.length > 0)
      .map(({ name, versions }) => ({
        metadata: name ? { name, creationTimestamp: null } : { creationTimestamp: null },
        versions: versions.map((served) => ({
          version: served.version,
          resources: aggregatedResources(served),
          freshness: 'Current',
        })),
      })),
  };
}

function aggregatedResources({ group, version, resources }: DiscoveredVersion) {
  const main = resources.filter(({ name }) => !name.includes('/'));
  return main.map((resource) => {
    const subresources = resources
      .filter(({ name }) => name.startsWith(`${resource.name}/`))
      .map((sub) => ({
        subresource: sub.name.slice(resource.name.length + 1),
        responseKind: {
          group: sub.group ?? group,
          version: sub.version ?? version,
          kind: sub.kind,
        },
        verbs: sub.verbs,
      }));
    return {
      resource: resource.name,
      responseKind: { group, version, kind: resource.kind },
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: resource.singularName,
      verbs: resource.verbs,
      ...(resource.shortNames && { shortNames: resource.shortNames }),
      ...(resource.categories && { categories: resource.categories }),
      ...(subresources.length > 0 && { subresources }),
    };
  });
}
