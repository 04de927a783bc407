import { createHash } from 'node:crypto';
import type { SubresourceHandler } from '../http/context.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Registry } from '../registry/registry.ts';
import { type Review, reviews } from '../reviews/index.ts';
import { subresourceHandlers } from '../subresources/index.ts';
import { byPriority } from './priorities.ts';

/** An entry of an APIResourceList. */
export interface ApiResource {
  name: string;
  singularName: string;
  namespaced: boolean;
  group?: string;
  version?: string;
  kind: string;
  verbs: readonly string[];
  shortNames?: readonly string[];
  categories?: readonly string[];
  storageVersionHash?: string;
}

/** A group and version with its resources, subresources among them. */
export interface DiscoveredVersion {
  group: string;
  version: string;
  resources: ApiResource[];
}

/** A group with its versions, the preferred first. */
export interface DiscoveredGroup {
  name: string;
  versions: DiscoveredVersion[];
}

/** Everything that is served, as discovery tells it. */
export function discover(registry: Registry): DiscoveredGroup[] {
  const groups = registry.groups().map(({ name, versions }) => ({
    name,
    versions: versions.map(({ version, kinds }) => ({
      group: name,
      version,
      resources: kinds.flatMap((kind) => resourcesOf(kind, registry.isCustom(kind))),
    })),
  }));
  for (const review of reviews) addReview(groups, review);
  const core = groups.find(({ name }) => name === '')?.versions.find(({ version }) => version === 'v1');
  core?.resources.push({
    name: 'bindings',
    singularName: 'binding',
    namespaced: true,
    kind: 'Binding',
    verbs: ['create'],
  });
  for (const { versions } of groups) {
    for (const { group, resources } of versions) {
      if (registry.group(group)?.versions[0]?.kinds.some((kind) => registry.isCustom(kind))) continue;
      resources.sort((a, b) => (a.name < b.name ? -1 : 1));
    }
  }
  return groups.sort(byPriority);
}

function resourcesOf(kind: Kind, custom: boolean): ApiResource[] {
  const { namespaced, shortNames, categories, subresources } = kind;
  const resources: ApiResource[] = [
    {
      name: kind.plural,
      singularName: kind.singular,
      namespaced,
      kind: kind.kind,
      verbs: kind.verbs,
      ...(shortNames.length > 0 && { shortNames }),
      ...(categories.length > 0 && { categories }),
      ...(kind.verbs.includes('list') && { storageVersionHash: storageHash(kind) }),
    },
  ];
  const status = { kind: kind.kind, verbs: ['get', 'patch', 'update'] };
  const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] };
  const add = (subresource: string, entry: Omit<ApiResource, 'name' | 'singularName' | 'namespaced'>) =>
    resources.push({ name: `${kind.plural}/${subresource}`, singularName: '', namespaced, ...entry });
  if (subresources.status) add('status', status);
  if (subresources.scale) add('scale', scale);
  if (custom) return resources;
  for (const handler of subresourceHandlers) {
    if (handler.group === kind.group && handler.plural === kind.plural) {
      add(handler.subresource, handlerEntry(kind, handler));
    }
  }
  return resources;
}

function handlerEntry(kind: Kind, handler: SubresourceHandler) {
  const other = handler.kind.group !== kind.group || handler.kind.version !== kind.version;
  return {
    ...(other && { group: handler.kind.group, version: handler.kind.version }),
    kind: handler.kind.kind,
    verbs: [...new Set(Object.values(handler.methods))],
  };
}

function addReview(
  groups: DiscoveredGroup[],
  { group, version, kind, plural, singular, namespaced }: Review,
) {
  let found = groups.find(({ name }) => name === group);
  if (!found) {
    found = { name: group, versions: [] };
    groups.push(found);
  }
  let served = found.versions.find((known) => known.version === version);
  if (!served) {
    served = { group, version, resources: [] };
    found.versions.push(served);
  }
  served.resources.push({ name: plural, singularName: singular, namespaced, kind, verbs: ['create'] });
}

function storageHash({ group, version, kind }: Kind): string {
  return createHash('sha256')
    .update(`${group}/${version}/${kind}`)
    .digest()
    .subarray(0, 8)
    .toString('base64');
}
