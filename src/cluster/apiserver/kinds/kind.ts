import type { Instant, KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import type { Schema } from '../schema/schema.ts';

/**
 * Everything the generic machinery of the API server needs to know of one kind in one version. Built-in kinds have one
 * file each in this folder; custom resources get theirs from their CRD.
 */
export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Verbs of the main resource in discovery. */
  readonly verbs: readonly Verb[];
  /** Subresources that the generic machinery serves; others (log, exec, binding …) have handlers of their own. */
  readonly subresources: { readonly status?: boolean; readonly scale?: ScalePaths };
  /** OpenAPI v3 schema of the object, with the x-kubernetes-* extensions; what pruning, defaulting, apply read. */
  readonly schema: Schema;
  /** Where objects of this kind are stored when two versions or groups share them (events, autoscaling …). */
  readonly storage: { readonly group: string; readonly plural: string };
  readonly strategy: Strategy;
  readonly columns: readonly Column[];
  /** What a client is told in a Warning header with every answer, when it should use another version. */
  readonly deprecation?: string;
}

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export interface ScalePaths {
  specReplicasPath: string;
  statusReplicasPath: string;
  labelSelectorPath?: string;
}

/** A column of `kubectl get`, with its cell. */
export interface Column {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  description: string;
  /** 0: always; 1: only with `-o wide`. */
  priority: number;
  cell(object: KubeObject, now: Instant): string | number | boolean | null;
}

/** A kind's own rules. All pure; `old` and `next` are never changed, a changed copy is returned. */
export interface Strategy {
  /** Fills in defaults; also applied to what is read from old storage. After the schema's own defaults. */
  defaults?(object: KubeObject): KubeObject;
  /**
   * For kinds that share their storage (see `storage`): the stored object as this kind has it, and back. Without them
   * only `apiVersion` and `kind` differ.
   */
  fromStorage?(stored: KubeObject): KubeObject;
  toStorage?(object: KubeObject): KubeObject;
  /** Before create: drops what clients may not set (status), sets generation and the like. */
  prepareForCreate?(object: KubeObject): KubeObject;
  /** Before update: restores what this endpoint may not change, raises the generation. */
  prepareForUpdate?(next: KubeObject, old: KubeObject, subresource: 'status' | undefined): KubeObject;
  validate?(object: KubeObject): FieldError[];
  validateUpdate?(next: KubeObject, old: KubeObject, subresource: 'status' | undefined): FieldError[];
  /** What a client is told in Warning headers when it has created or changed the object. */
  warnings?(object: KubeObject): string[];
  /** Values for field selectors beside metadata.name and metadata.namespace. */
  fields?(object: KubeObject): Record<string, string>;
  /** The refusal of a field that is not among these, where it is not the usual one. */
  unknownFieldText?(field: string): string;
  /** PUT without resourceVersion overwrites. Default: true for built-in kinds, false for custom resources. */
  allowUnconditionalUpdate?: boolean;
  /** PUT of a missing object creates it. */
  allowCreateOnUpdate?: boolean;
  /** Seconds until a deleted object goes when the client says nothing; undefined: at once. */
  gracePeriodSeconds?(object: KubeObject, requested: number | undefined): number;
  /** DELETE answers the object (true) or a Status. */
  returnsDeletedObject?: boolean;
  /** What happens to dependents when the client says nothing. Default: Background. */
  defaultPropagation?: 'Background' | 'Orphan';
}
