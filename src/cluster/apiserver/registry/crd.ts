import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from 'kubernetes-types/apiextensions/v1.d.ts';
import { equal, formatTime, type Instant } from '../../../api/index.ts';

export type Crd = CustomResourceDefinition & { status?: CustomResourceDefinitionStatus };

const condition = (crd: Crd, type: string) =>
  crd.status?.conditions?.find((candidate) => candidate.type === type);

export const isEstablished = (crd: Crd) => condition(crd, 'Established')?.status === 'True';
export const isTerminating = (crd: Crd) => crd.metadata?.deletionTimestamp !== undefined;

/** The names of other kinds in the group, that a CRD must not claim. */
export interface TakenNames {
  plurals: ReadonlySet<string>;
  kinds: ReadonlySet<string>;
}

/** The CRD's status once its names are judged; the same object when it says so already. */
export function judgeNames(crd: Crd, taken: TakenNames, now: Instant): Crd {
  const names = { ...crd.spec.names, listKind: crd.spec.names.listKind || `${crd.spec.names.kind}List` };
  const problem = findConflict(names, taken);
  const accepted = problem === undefined;
  const wasEstablished = isEstablished(crd);
  const conditions = [
    {
      type: 'NamesAccepted',
      status: accepted ? 'True' : 'False',
      reason: problem?.reason ?? 'NoConflicts',
      message: problem?.message ?? 'no conflicts found',
    },
    accepted || wasEstablished
      ? {
          type: 'Established',
          status: 'True',
          reason: 'InitialNamesAccepted',
          message: 'the initial names have been accepted',
        }
      : {
          type: 'Established',
          status: 'False',
          reason: 'NotAccepted',
          message: 'not all names are accepted',
        },
  ];
  const status = {
    ...crd.status,
    conditions: mergeConditions(crd.status?.conditions ?? [], conditions, formatTime(now)),
    acceptedNames: acceptedNames(crd, names, problem),
    storedVersions: storedVersions(crd),
  };
  return equal(status, crd.status) ? crd : { ...crd, status };
}

interface NameConflict {
  reason: string;
  message: string;
  field: keyof CustomResourceDefinitionNames;
}

function findConflict(names: CustomResourceDefinitionNames, taken: TakenNames): NameConflict | undefined {
  const used = (field: keyof CustomResourceDefinitionNames, name: string, reason: string) => ({
    field,
    reason,
    message: `${JSON.stringify(name)} is already in use`,
  });
  if (taken.plurals.has(names.plural)) return used('plural', names.plural, 'PluralConflict');
  if (names.singular && taken.plurals.has(names.singular)) {
    return used('singular', names.singular, 'SingularConflict');
  }
  for (const shortName of names.shortNames ?? []) {
    if (taken.plurals.has(shortName)) return used('shortNames', shortName, 'ShortNamesConflict');
  }
  if (taken.kinds.has(names.kind)) return used('kind', names.kind, 'KindConflict');
  if (names.listKind && taken.kinds.has(names.listKind)) {
    return used('listKind', names.listKind, 'ListKindConflict');
  }
  return undefined;
}

function acceptedNames(crd: Crd, names: CustomResourceDefinitionNames, problem: NameConflict | undefined) {
  if (!problem) return names;
  return crd.status?.acceptedNames ?? { plural: '', kind: '' };
}

/** The version that objects are stored in, and those that they ever were. */
function storedVersions(crd: Crd): string[] {
  const storage = crd.spec.versions.filter((version) => version.storage).map(({ name }) => name);
  return [...new Set([...(crd.status?.storedVersions ?? []), ...storage])];
}

function mergeConditions(
  before: readonly CustomResourceDefinitionCondition[],
  next: readonly Omit<CustomResourceDefinitionCondition, 'lastTransitionTime'>[],
  now: string,
): CustomResourceDefinitionCondition[] {
  const kept = before.filter(({ type }) => !next.some((condition) => condition.type === type));
  const merged = next.map((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    const since = old?.status === condition.status ? old.lastTransitionTime : now;
    return { ...condition, lastTransitionTime: since };
  });
  return [...merged, ...kept];
}
