import type { ControllerRevision, DaemonSet, StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod, PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import {
  ControllerRevisions,
  controllerReference,
  type Effect,
  equal,
  type ResourceType,
} from '../../../api/index.ts';
import { templateHash } from './hash.ts';

/** Label on pods: the revision that a pod was made of. */
export const REVISION_LABEL = 'controller-revision-hash';

/** A workload that keeps its templates as ControllerRevisions. */
type Revised = StatefulSet | DaemonSet;

interface RevisionData {
  spec: { template: PodTemplateSpec & { $patch?: string } };
}

const nameOf = (revision: ControllerRevision): string => revision.metadata?.name ?? '';

export const revisionOfPod = ({ metadata }: Pod): string | undefined => metadata?.labels?.[REVISION_LABEL];

/** Label on ControllerRevisions: the hash in their names. */
const hashLabelOf = ({ kind }: ResourceType) =>
  kind === 'DaemonSet' ? REVISION_LABEL : 'controller.kubernetes.io/hash';

/** The template that a revision keeps. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const { $patch: _, ...template } = (revision.data as RevisionData).spec.template;
  return template;
}

/** The revision of the present template, and the effect that makes it, or makes it the newest again. */
export function updateRevision(
  type: ResourceType,
  set: Revised,
  revisions: readonly ControllerRevision[],
): { name: string; effects: Effect[] } {
  const { name: setName = '', namespace } = set.metadata ?? {};
  const newest = Math.max(0, ...revisions.map(({ revision }) => revision));
  const existing = revisions.find((revision) => equal(templateOf(revision), set.spec?.template));
  if (existing) {
    const name = nameOf(existing);
    if (existing.revision === newest) return { name, effects: [] };
    const ref = { type: ControllerRevisions, namespace, name };
    const patch = { revision: newest + 1 };
    return { name, effects: [{ kind: 'patch', what: `make revision ${name} the newest`, ref, patch }] };
  }
  const hash = templateHash(set.spec?.template);
  const name = `${setName}-${hash}`;
  const { annotations } = set.metadata ?? {};
  const object: ControllerRevision = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name,
      ...(namespace && { namespace }),
      labels: { ...set.spec?.template.metadata?.labels, [hashLabelOf(type)]: hash },
      ...(annotations && { annotations }),
      ownerReferences: [controllerReference(type, set)],
    },
    data: { spec: { template: { ...set.spec?.template, $patch: 'replace' } } },
    revision: newest + 1,
  };
  const ref = { type: ControllerRevisions, namespace, name };
  return { name, effects: [{ kind: 'create', what: `create revision ${name}`, ref, object }] };
}

/** Revisions that nothing uses any more go, the oldest first, beyond the history limit. */
export function expiredRevisions(
  set: Revised,
  revisions: readonly ControllerRevision[],
  used: ReadonlySet<string | undefined>,
): Effect[] {
  const unused = revisions.filter((revision) => !used.has(nameOf(revision)));
  const excess = Math.max(0, unused.length - (set.spec?.revisionHistoryLimit ?? 10));
  return unused
    .sort((a, b) => a.revision - b.revision)
    .slice(0, excess)
    .map((revision) => {
      const { namespace, name = '', uid } = revision.metadata ?? {};
      const ref = { type: ControllerRevisions, namespace, name };
      return { kind: 'delete', what: `delete revision ${name} beyond the history limit`, ref, uid };
    });
}
