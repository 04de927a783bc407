import { equal, type KubeObject } from '../../../api/index.ts';
import { builtinKindSchema } from '../../../api/kubernetes/index.ts';
import { canonical } from '../schema/canonical.ts';
import type { Json } from '../schema/json.ts';
import { age } from './columns.ts';
import type { Column, Kind, ScalePaths, Strategy, Verb } from './kind.ts';

/** Where workloads keep what their scale subresource shows. */
export const workloadScale: ScalePaths = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.spec.selector',
};

/** What a built-in kind is, where it differs from the usual. */
export interface BuiltinKind extends Omit<Strategy, 'prepareForUpdate' | 'prepareForCreate'> {
  group: string;
  version: string;
  kind: string;
  plural: string;
  /** Name of the type in OpenAPI without the kind, e.g. `io.k8s.api.core.v1`. */
  package: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  /** Default: true. */
  namespaced?: boolean;
  /** Default: all. */
  verbs?: readonly Verb[];
  /** Whether there is a status subresource, and so a status that only it can change. Default: false. */
  status?: boolean;
  scale?: ScalePaths;
  /** Fields whose change raises `metadata.generation`; without any, the kind has no generation. */
  generation?: readonly string[];
  /** Columns between Name and Age. */
  columns?: readonly Column[];
  /** All columns but Name, where Age is not the last that is always shown. */
  allColumns?: readonly Column[];
  storage?: Kind['storage'];
  /** After the usual: status dropped, generation 1. */
  prepareForCreate?(object: KubeObject): KubeObject;
  /** After the usual: what the endpoint may not change restored, generation raised. */
  prepareForUpdate?(next: KubeObject, old: KubeObject, subresource: 'status' | undefined): KubeObject;
}

const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** A built-in kind with the rules that all of them share. */
export function builtin(definition: BuiltinKind): Kind {
  const { group, kind, plural, status = false, scale, namespaced = true } = definition;
  const schema = builtinKindSchema(`${definition.package}.${kind}`);
  return {
    group,
    version: definition.version,
    kind,
    listKind: `${kind}List`,
    plural,
    singular: kind.toLowerCase(),
    shortNames: definition.shortNames ?? [],
    categories: definition.categories ?? [],
    namespaced,
    verbs: definition.verbs ?? allVerbs,
    subresources: { ...(status && { status }), ...(scale && { scale }) },
    schema,
    storage: definition.storage ?? { group, plural },
    columns: definition.allColumns ?? [...(definition.columns ?? []), age].sort(byPriority),
    strategy: strategyOf(definition, (object) => canonical(object, schema)),
  };
}

const byPriority = (a: Column, b: Column) => a.priority - b.priority;

function strategyOf(definition: BuiltinKind, canonicalize: (object: KubeObject) => KubeObject): Strategy {
  const { status, generation } = definition;
  const counts = generation !== undefined;
  return {
    ...definition,
    defaults(object) {
      const filled = canonicalize(object);
      return definition.defaults?.(filled) ?? filled;
    },
    prepareForCreate(object) {
      const { status: given, ...rest } = object as Json;
      // Status is dropped and made again, as far as it is always written.
      const fresh = canonicalize(
        (status ? rest : { ...rest, ...(given !== undefined && { status: given }) }) as KubeObject,
      );
      const prepared = counts ? withGeneration(fresh, 1) : fresh;
      return definition.prepareForCreate?.(prepared) ?? prepared;
    },
    prepareForUpdate(next, old, subresource) {
      const kept = status ? keepOther(next, old, subresource) : next;
      const raised = counts && subresource === undefined ? raise(kept, old, generation) : kept;
      return definition.prepareForUpdate?.(raised, old, subresource) ?? raised;
    },
  };
}

/** Through the main resource the status stays, through the status subresource everything but it and the metadata. */
function keepOther(next: KubeObject, old: KubeObject, subresource: 'status' | undefined): KubeObject {
  const { status: oldStatus, ...oldRest } = old as Json;
  const { status: nextStatus, ...nextRest } = next as Json;
  const [rest, status] = subresource === 'status' ? [oldRest, nextStatus] : [nextRest, oldStatus];
  return {
    ...rest,
    metadata: next.metadata,
    ...(status !== undefined && { status }),
  } as KubeObject;
}

function withGeneration(object: KubeObject, generation: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, generation } };
}

function raise(next: KubeObject, old: KubeObject, fields: readonly string[]): KubeObject {
  const before = old.metadata?.generation ?? 0;
  const changed = fields.some((field) => !equal(at(next, field), at(old, field)));
  return withGeneration(next, changed ? before + 1 : before);
}

function at(object: KubeObject, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Json | undefined)?.[key], object);
}
