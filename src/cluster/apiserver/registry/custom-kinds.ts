import type { Logger } from 'pino';
import type { Clock } from '../../../api/index.ts';
import { kindsOfCrd } from '../crd/index.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Resource, Store } from '../store/index.ts';
import { type Crd, isEstablished, isTerminating, judgeNames, type TakenNames } from './crd.ts';
import type { Registry } from './registry.ts';

const CRDS = 'apiextensions.k8s.io/customresourcedefinitions';
const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

interface Options {
  store: Store;
  registry: Registry;
  clock: Clock;
  log: Logger;
  /** Deletes an object of a kind, as a client would. */
  remove(kind: Kind, namespace: string | undefined, name: string): Promise<void>;
}

/**
 * Follows the CustomResourceDefinitions: judges their names, serves the kinds of those that are established, and
 * empties those that are being deleted.
 */
export class CustomKinds {
  readonly #options: Options;
  readonly #crds: Resource;
  /** Kinds by CRD, kept until its spec changes. */
  readonly #known = new Map<string, { version: string; kinds: Kind[] }>();
  /** Stops watching the objects of a CRD that is being emptied. */
  readonly #emptying = new Map<string, () => void>();
  readonly #unsubscribe: () => void;

  constructor(options: Options) {
    this.#options = options;
    this.#crds = options.store.resource(CRDS);
    this.#unsubscribe = this.#crds.subscribe(() => this.#follow());
    this.#follow();
  }

  stop(): void {
    this.#unsubscribe();
    for (const unsubscribe of this.#emptying.values()) unsubscribe();
  }

  #follow(): void {
    const crds = this.#crds.list().map(({ key, object }) => ({ key, crd: object as Crd }));
    this.#serve(crds.map(({ crd }) => crd).filter(isEstablished));
    for (const { key, crd } of crds) {
      if (isTerminating(crd)) this.#empty(key, crd);
      else this.#judge(key, crd);
    }
    for (const [key, unsubscribe] of this.#emptying) {
      if (this.#crds.get(key)) continue;
      unsubscribe();
      this.#emptying.delete(key);
    }
  }

  #serve(crds: readonly Crd[]): void {
    const kinds = crds.flatMap((crd) => this.#kindsOf(crd));
    const names = new Set(crds.map((crd) => crd.metadata?.name ?? ''));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    this.#options.registry.setCustom(kinds);
  }

  #kindsOf(crd: Crd): Kind[] {
    const name = crd.metadata?.name ?? '';
    const version = `${crd.metadata?.uid}/${crd.metadata?.generation}`;
    const known = this.#known.get(name);
    if (known?.version === version) return known.kinds;
    const kinds = kindsOfCrd(crd);
    const { group, names } = crd.spec;
    // A client that watches from before there was the kind is told so.
    this.#options.store.resource(`${group}/${names.plural}`, Number(crd.metadata?.resourceVersion ?? 0));
    this.#known.set(name, { version, kinds });
    return kinds;
  }

  #judge(key: string, crd: Crd): void {
    const { store, clock } = this.#options;
    const judged = judgeNames(crd, this.#takenBeside(crd), clock());
    // The next round sees what others have written meanwhile.
    if (judged === crd || store.latest(this.#crds, key)?.object !== crd) return;
    store.put(this.#crds, key, judged).catch((error) => this.#failed(key, error));
  }

  #takenBeside(crd: Crd): TakenNames {
    const plurals = new Set<string>();
    const kinds = new Set<string>();
    for (const { object } of this.#crds.list()) {
      const other = object as Crd;
      if (other.metadata?.uid === crd.metadata?.uid || other.spec.group !== crd.spec.group) continue;
      const names = other.status?.acceptedNames;
      if (!names?.plural) continue;
      for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])])
        if (name) plurals.add(name);
      for (const name of [names.kind, names.listKind]) if (name) kinds.add(name);
    }
    return { plurals, kinds };
  }

  /** Deletes the objects; the last one gone, the CRD goes. */
  #empty(key: string, crd: Crd): void {
    const { store } = this.#options;
    const objects = store.resource(`${crd.spec.group}/${crd.spec.names.plural}`);
    const [kind] = this.#kindsOf(crd);
    if (kind && !this.#emptying.has(key)) {
      this.#emptying.set(
        key,
        objects.subscribe(() => this.#finish(key, objects)),
      );
      for (const { object } of objects.list()) {
        const { namespace, name = '' } = object.metadata ?? {};
        this.#options.remove(kind, namespace, name).catch((error) => this.#failed(key, error));
      }
    }
    this.#finish(key, objects);
  }

  #finish(key: string, objects: Resource): void {
    const { store } = this.#options;
    const entry = store.latest(this.#crds, key);
    if (!entry || objects.size > 0) return;
    const finalizers = (entry.object.metadata?.finalizers ?? []).filter((finalizer) => finalizer !== CLEANUP);
    if (finalizers.length === (entry.object.metadata?.finalizers ?? []).length) return;
    const next = { ...entry.object, metadata: { ...entry.object.metadata, finalizers } };
    const written =
      finalizers.length > 0 ? store.put(this.#crds, key, next) : store.delete(this.#crds, key, entry.object);
    written.catch((error) => this.#failed(key, error));
  }

  #failed(key: string, error: unknown): void {
    this.#options.log.error({ err: error, crd: key }, 'the CustomResourceDefinition could not be processed');
  }
}
