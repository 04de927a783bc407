import type { Kind } from '../kinds/kind.ts';
import type { Resource, Store } from '../store/index.ts';

/** A group and the versions that it is served in, the preferred first. */
export interface Group {
  name: string;
  versions: { version: string; kinds: Kind[] }[];
}

/** The kinds that are served now: the built-in ones, and those of the established CRDs. */
export class Registry {
  readonly #store: Store;
  readonly #builtin: readonly Kind[];
  #custom: readonly Kind[] = [];
  #kinds = new Map<string, Kind>();
  #groups: Group[] = [];
  #revision = 0;
  readonly #listeners = new Set<() => void>();

  constructor(store: Store, builtin: readonly Kind[]) {
    this.#store = store;
    this.#builtin = builtin;
    this.#index();
  }

  /** Raised whenever the served kinds change; for caches of discovery and OpenAPI documents. */
  get revision(): number {
    return this.#revision;
  }

  find(group: string, version: string, plural: string): Kind | undefined {
    return this.#kinds.get(`${group}/${version}/${plural}`);
  }

  group(name: string): Group | undefined {
    return this.#groups.find((group) => group.name === name);
  }

  groupVersion(group: string, version: string): readonly Kind[] | undefined {
    return this.group(group)?.versions.find((served) => served.version === version)?.kinds;
  }

  /** All groups; the core group first, then in the order of registration. */
  groups(): readonly Group[] {
    return this.#groups;
  }

  isCustom(kind: Kind): boolean {
    return this.#custom.includes(kind);
  }

  /** Where the objects of a kind are. */
  resourceOf(kind: Kind): Resource {
    return this.#store.resource(`${kind.storage.group}/${kind.storage.plural}`);
  }

  /** Replaces the kinds of CRDs. */
  setCustom(kinds: readonly Kind[]): void {
    const known = new Set(this.#custom);
    const same = kinds.length === known.size && kinds.every((kind) => known.has(kind));
    this.#custom = kinds;
    this.#index();
    if (!same) for (const listener of this.#listeners) listener();
  }

  /** Calls back whenever other kinds are served; returns how to end it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #index(): void {
    this.#revision += 1;
    this.#kinds = new Map();
    const groups = new Map<string, Map<string, Kind[]>>([['', new Map()]]);
    for (const kind of [...this.#builtin, ...this.#custom]) {
      this.#kinds.set(`${kind.group}/${kind.version}/${kind.plural}`, kind);
      const versions = groups.get(kind.group) ?? new Map<string, Kind[]>();
      groups.set(kind.group, versions);
      versions.set(kind.version, [...(versions.get(kind.version) ?? []), kind]);
    }
    this.#groups = [...groups].map(([name, versions]) => ({
      name,
      versions: [...versions]
        .map(([version, kinds]) => ({ version, kinds }))
        .sort((a, b) => compareVersions(a.version, b.version)),
    }));
  }
}

/** Kubernetes' order of versions: v2, v1, v2beta1, v1beta2, v1alpha1, then others by name. */
function compareVersions(a: string, b: string): number {
  const rank = (version: string) => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    if (!match) return undefined;
    const stage = match[2] === 'alpha' ? 0 : match[2] === 'beta' ? 1 : 2;
    return [stage, Number(match[1]), Number(match[3] ?? 0)];
  };
  const [left, right] = [rank(a), rank(b)];
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : a > b ? 1 : 0;
  for (let i = 0; i < 3; i += 1) {
    if (left[i] !== right[i]) return right[i]! - left[i]!;
  }
  return 0;
}
