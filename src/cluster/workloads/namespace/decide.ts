import type { Namespace, NamespaceCondition, NamespaceStatus } from 'kubernetes-types/core/v1.d.ts';
import { type Decision, formatTime, type Instant, type ResourceType } from '../../../api/index.ts';

/** What is still in a namespace that is being deleted. */
export interface NamespaceView {
  namespace: Namespace;
  /** Objects that are left, by type, and all their finalizers. */
  contents: readonly { type: ResourceType; count: number; finalizers: readonly string[] }[];
  /** Types that could not be listed or emptied, and why. */
  failures: readonly { type: ResourceType; message: string }[];
}

/** What is done with a namespace; writing its status aside, these are not writes of single objects. */
export interface NamespaceDecision extends Decision<NamespaceStatus> {
  /** Types whose objects are to be deleted, pods first: others may depend on nothing running any more. */
  empty: readonly ResourceType[];
  /** All is gone: the namespace may go too. */
  finalize: boolean;
}

/** How soon what is left is looked at again. */
const RETRY_MS = 500;

/** Empties a namespace that is being deleted, then lets it go. */
export function decideNamespace(view: NamespaceView, now: Instant): NamespaceDecision {
  const { namespace, contents, failures } = view;
  const left = contents.filter(({ count }) => count > 0);
  const text =
    left.length > 0
      ? `${left.map(({ type, count }) => `${type.plural} has ${count} resource instances`).join(', ')}`
      : 'nothing is left in it';
  if (!namespace.metadata?.deletionTimestamp) {
    return {
      effects: [],
      events: [],
      because: [{ code: 'Active', text: 'it is in use' }],
      empty: [],
      finalize: false,
    };
  }
  const done = left.length === 0 && failures.length === 0;
  const pods = left.filter(({ type }) => type.plural === 'pods' && type.group === '');
  return {
    status: { ...namespace.status, phase: 'Terminating', conditions: conditionsOf(view, now) },
    effects: [],
    events: [],
    because: [{ code: done ? 'Empty' : 'ContentRemaining', text }],
    empty: (pods.length > 0 ? pods : left).map(({ type }) => type),
    finalize: done,
    ...(!done && { wakeAt: now + RETRY_MS }),
  };
}

function conditionsOf({ namespace, contents, failures }: NamespaceView, now: Instant): NamespaceCondition[] {
  const left = contents.filter(({ count }) => count > 0);
  const holding = new Map<string, number>();
  for (const finalizer of left.flatMap((each) => each.finalizers)) {
    holding.set(finalizer, (holding.get(finalizer) ?? 0) + 1);
  }
  const finalizers = [...holding].map(([name, count]) => `${name} in ${count} resource instances`).sort();
  const remaining = left
    .map(({ type, count }) => `${nameOf(type)} has ${count} resource instances`)
    .join(', ');
  const wanted: Omit<NamespaceCondition, 'lastTransitionTime'>[] = [
    {
      type: 'NamespaceDeletionDiscoveryFailure',
      status: 'False',
      reason: 'ResourcesDiscovered',
      message: 'All resources successfully discovered',
    },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      status: 'False',
      reason: 'ParsedGroupVersions',
      message: 'All legacy kube types successfully parsed',
    },
    failures.length > 0
      ? {
          type: 'NamespaceDeletionContentFailure',
          status: 'True',
          reason: 'ContentDeletionFailed',
          message: failures.map(({ type, message }) => `${nameOf(type)}: ${message}`).join('; '),
        }
      : {
          type: 'NamespaceDeletionContentFailure',
          status: 'False',
          reason: 'ContentDeleted',
          message: 'All content successfully deleted, may be waiting on finalization',
        },
    left.length > 0
      ? {
          type: 'NamespaceContentRemaining',
          status: 'True',
          reason: 'SomeResourcesRemain',
          message: `Some resources are remaining: ${remaining}`,
        }
      : {
          type: 'NamespaceContentRemaining',
          status: 'False',
          reason: 'ContentRemoved',
          message: 'All content successfully removed',
        },
    finalizers.length > 0
      ? {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`,
        }
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'False',
          reason: 'ContentHasNoFinalizers',
          message: 'All content-preserving finalizers finished',
        },
  ];
  return wanted.map((condition) => {
    const before = namespace.status?.conditions?.find(({ type }) => type === condition.type);
    const kept = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return { ...condition, lastTransitionTime: kept ?? formatTime(now) };
  });
}

const nameOf = ({ plural, group }: ResourceType) => `${plural}.${group}`;
