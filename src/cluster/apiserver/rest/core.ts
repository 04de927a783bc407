import type { Clock, KubeObject } from '../../../api/index.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Registry } from '../registry/registry.ts';
import { type Named, unknownResource } from '../status.ts';
import type { Resource, Store } from '../store/index.ts';

/** What every verb works on. */
export interface Core {
  store: Store;
  registry: Registry;
  clock: Clock;
  admission: Admission;
  /** Asks others than the server itself about a write; undefined where nobody is to be asked. */
  judges?: Judges | undefined;
}

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

/** A write that others are asked about. */
export interface JudgedWrite {
  operation: Operation;
  target: ObjectTarget;
  /** The next state; undefined for a deletion. */
  object: KubeObject | undefined;
  /** The present state; undefined for a creation. */
  oldObject: KubeObject | undefined;
  dryRun: boolean;
}

/** Those who are asked about writes before they are made: admission webhooks. */
export interface Judges {
  /** The object as they want it. @throws StatusError when they do not want it at all */
  mutate(write: JudgedWrite): Promise<KubeObject | undefined>;
  /** @throws StatusError when they do not want the object, which they no longer can change */
  validate(write: JudgedWrite): Promise<void>;
}

/** Rules that reach beyond the one object: other objects, and what the server hands out. */
export interface Admission {
  /** Completes an object before it is validated and created. @throws StatusError */
  admitCreate(target: Target, object: KubeObject): KubeObject;
  /** Completes the next state of an object. @throws StatusError */
  admitUpdate(target: ObjectTarget, next: KubeObject, live: KubeObject): KubeObject;
  /** @throws StatusError */
  admitDelete(target: ObjectTarget): void;
  /** Takes back what was handed out for a write that did not come to be: refused after all, or a dry run. */
  settle(target: Target, name: string): void;
}

/** What a request is about. */
export interface Target {
  kind: Kind;
  /** Undefined for cluster-scoped kinds, and for lists of all namespaces. */
  namespace?: string | undefined;
  name?: string | undefined;
  subresource?: string | undefined;
}

/** A target with a name. */
export type ObjectTarget = Target & { name: string };

export const NAMESPACES: Named = { group: '', plural: 'namespaces', kind: 'Namespace' };

export const apiVersionOfKind = ({ group, version }: Kind) => (group ? `${group}/${version}` : version);

export const is = (kind: Named, group: string, plural: string) =>
  kind.group === group && kind.plural === plural;

/** The key of an object within its resource. */
export function keyOf(kind: Kind, namespace: string | undefined, name: string): string {
  return kind.namespaced ? `${namespace ?? ''}/${name}` : name;
}

/** A stored object as this kind and version shows it. */
export function present<T extends KubeObject>(kind: Kind, stored: T): T {
  const object = (kind.strategy.fromStorage?.(stored) ?? stored) as T;
  return { ...object, kind: kind.kind, apiVersion: apiVersionOfKind(kind) };
}

/** The opposite of `present`. */
export function toStored(kind: Kind, object: KubeObject): KubeObject {
  return kind.strategy.toStorage?.(object) ?? object;
}

/** The resource and key of a target. */
export function locate(core: Core, target: ObjectTarget): { resource: Resource; key: string } {
  const { kind, namespace, name } = target;
  return { resource: core.registry.resourceOf(kind), key: keyOf(kind, namespace, name) };
}

/** Refuses a path whose namespace does not fit the scope of the kind. */
export function checkScope({ kind, namespace }: Target): void {
  if (!kind.namespaced && namespace !== undefined) throw unknownResource();
}
