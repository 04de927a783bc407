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
  const { accepted: acceptedNames, problem } = judge(names, taken);
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
    acceptedNames,
    storedVersions: storedVersions(crd),
  };
  return equal(status, crd.status) ? crd : { ...crd, status };
}

interface JudgedNames {
  /** Those that are free. */
  accepted: CustomResourceDefinitionNames;
  /** Why not all are; when several are not, the last one. */
  problem: { reason: string; message: string } | undefined;
}

function judge(names: CustomResourceDefinitionNames, taken: TakenNames): JudgedNames {
  let problem: JudgedNames['problem'];
  const isFree = (name: string, known: ReadonlySet<string>, reason: string) => {
    if (!known.has(name)) return true;
    problem = { reason, message: `${JSON.stringify(name)} is already in use` };
    return false;
  };
  const { plural, singular, shortNames, kind, listKind, categories } = names;
  const accepted = {
    plural: isFree(plural, taken.plurals, 'PluralConflict') ? plural : '',
    ...(singular && isFree(singular, taken.plurals, 'SingularConflict') && { singular }),
    ...(shortNames?.every((name) => isFree(name, taken.plurals, 'ShortNamesConflict')) && { shortNames }),
    kind: isFree(kind, taken.kinds, 'KindConflict') ? kind : '',
    ...(listKind && isFree(listKind, taken.kinds, 'ListKindConflict') && { listKind }),
    ...(categories && { categories }),
  };
  return { accepted, problem };
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
