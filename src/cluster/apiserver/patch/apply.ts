import { formatTime, type Instant, type KubeObject } from '../../../api/index.ts';
import { rootSchema } from '../schema/root.ts';
import type { Schema } from '../schema/schema.ts';
import { type Comparison, compare } from './compare.ts';
import {
  difference,
  emptyFieldSet,
  type FieldSet,
  intersection,
  isEmpty,
  memberPaths,
  sameFields,
  union,
  withParents,
} from './field-set.ts';
import { fieldsOf } from './fields-of.ts';
import { isSameManager, type Manager, managersOf, withManagers, withoutUnowned } from './managers.ts';
import { mergeApplied, removeFields } from './merge.ts';
import { withNamedParents } from './structure.ts';
import { unmanaged } from './update.ts';

export interface ApplyOptions<T> {
  /** The stored object; undefined when there is none yet. */
  live?: T | undefined;
  /** What the client applies: the fields that it wants to own. Without `managedFields`. */
  applied: T;
  manager: string;
  /** Take fields from managers that have set them to something else. */
  force?: boolean | undefined;
  subresource?: string | undefined;
  schema: Schema;
  /** Group and version in which the client applies, e.g. `apps/v1`. */
  apiVersion: string;
  now: Instant;
}

/** A field that somebody else owns with another value. */
export interface ApplyConflict {
  manager: string;
  /** E.g. `.spec.replicas`. */
  field: string;
  /** E.g. `conflict with "scaler" using apps/v1`; the text of a Status cause. */
  message: string;
}

export type ApplyResult<T> =
  | { object: T; conflicts?: undefined }
  | { object?: undefined; conflicts: ApplyConflict[] };

/** Who is recorded as owner of what was there before the first apply, when nobody was. */
const beforeFirstApply = 'before-first-apply';

/**
 * Server-side apply: the live object merged with what is applied, without what the manager applied before and nobody
 * wants any more. Fields that others own with another value are conflicts, or are taken with `force`.
 * @throws PatchError 500 when the elements of a list cannot be told apart
 */
export function serverSideApply<T extends KubeObject>(options: ApplyOptions<T>): ApplyResult<T> {
  const { live, applied, subresource, apiVersion, now } = options;
  const schema = rootSchema(options.schema);
  const named = fieldsOf(unmanaged(applied), schema);
  const wanted = withoutUnowned(named);
  const self: Omit<Manager, 'fields' | 'time'> = {
    manager: options.manager,
    operation: 'Apply',
    apiVersion,
    subresource,
  };
  const known = live ? managersBefore(live, schema, now) : [];
  const mine = known.find((entry) => isSameManager(entry, self));
  const others = known.filter((entry) => entry !== mine);

  const base = live ? unmanaged(live) : undefined;
  const merged = mergeApplied(base, unmanaged(applied), schema);
  const before = withNamedParents(mine?.fields ?? emptyFieldSet, schema);
  const stillWanted = others.map(({ fields }) => fields).reduce(union, named);
  // What is wanted holds the fields that lead to it, whoever has set those.
  const unwanted = difference(before, withParents(stillWanted));
  const object = removeFields(merged, unwanted, schema, named) as T;

  const changes = compare(base ?? {}, object, schema);
  const changed = union(changes.modified, changes.added);
  const conflicts = live && !options.force ? findConflicts(others, changed) : [];
  if (conflicts.length > 0) return { conflicts };

  const lost = union(changed, changes.removed);
  const isSame = live && nothingChanged(changes) && mine && sameFields(mine.fields, wanted);
  const time = isSame ? mine.time : formatTime(now);
  const managers = [
    ...others.map((entry) => ({ ...entry, fields: difference(entry.fields, lost) })),
    { ...self, time, fields: wanted },
  ];
  return { object: withManagers(object, managers) };
}

function managersBefore(live: KubeObject, schema: Schema, now: Instant): Manager[] {
  const managers = managersOf(live);
  if (managers.length > 0) return managers;
  const fields = withoutUnowned(compare({}, unmanaged(live), schema).added);
  if (isEmpty(fields)) return [];
  return [
    {
      manager: beforeFirstApply,
      operation: 'Update',
      apiVersion: live.apiVersion ?? '',
      time: formatTime(now),
      fields,
    },
  ];
}

const nothingChanged = ({ added, removed, modified }: Comparison) =>
  isEmpty(added) && isEmpty(removed) && isEmpty(modified);

function findConflicts(others: readonly Manager[], changed: FieldSet): ApplyConflict[] {
  return [...others]
    .sort((a, b) => (a.manager < b.manager ? -1 : 1))
    .flatMap((entry) =>
      memberPaths(intersection(entry.fields, changed)).map((field) => ({
        manager: entry.manager,
        field,
        message: `conflict with ${describe(entry)}`,
      })),
    );
}

function describe({ manager, operation, apiVersion, subresource }: Manager): string {
  const name =
    JSON.stringify(manager) + (subresource ? ` with subresource ${JSON.stringify(subresource)}` : '');
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
