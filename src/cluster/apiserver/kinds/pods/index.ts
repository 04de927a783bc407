import type { Container, Pod } from 'kubernetes-types/core/v1.d.ts';
import type { KubeObject } from '../../../../api/index.ts';
import type { FieldError } from '../../errors.ts';
import { compareQuantities } from '../../schema/quantity.ts';
import { forbidden } from '../checks.ts';
import { builtin } from '../define.ts';
import { podTableColumns } from './columns.ts';
import { defaultPod } from './defaults.ts';
import { validatePodSpec, validatePodUpdate } from './validate.ts';

export const pods = builtin({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  package: 'io.k8s.api.core.v1',
  shortNames: ['po'],
  categories: ['all'],
  status: true,
  generation: ['spec'],
  columns: podTableColumns,
  returnsDeletedObject: true,
  defaults: (object) => defaultPod(object as Pod),
  prepareForCreate(object) {
    const pod = object as Pod;
    const seconds = pod.spec?.terminationGracePeriodSeconds ?? 0;
    // Less than nothing is the least.
    const spec = seconds < 0 ? { ...pod.spec, terminationGracePeriodSeconds: 1 } : pod.spec;
    return { ...pod, spec, status: { phase: 'Pending', qosClass: qosClass(pod) } } as KubeObject;
  },
  prepareForUpdate(next, old, subresource) {
    if (subresource !== 'status') return next;
    // The class follows from the spec, which never changes in a way that matters.
    const { status } = next as Pod;
    const kept = (old as Pod).status?.qosClass;
    return { ...next, status: { ...status, ...(kept && { qosClass: kept }) } } as KubeObject;
  },
  validate: (object) => [
    ...validatePodSpec((object as Pod).spec, 'spec'),
    ...validateEphemeral(object as Pod),
  ],
  validateUpdate: (next, old, subresource) =>
    subresource === 'status' ? [] : validatePodUpdate(next as Pod, old as Pod),
  fields: (object) => podFields(object as Pod),
  gracePeriodSeconds: (object, requested) => gracePeriod(object as Pod, requested),
});

/** Containers for debugging have a subresource of their own, and come once the pod is there: it has a version then. */
function validateEphemeral({ metadata, spec }: Pod): FieldError[] {
  if (metadata?.resourceVersion || !spec?.ephemeralContainers?.length) return [];
  return [forbidden('spec.ephemeralContainers', 'cannot be set on create')];
}

function podFields({ spec, status }: Pod): Record<string, string> {
  return {
    'spec.nodeName': spec?.nodeName ?? '',
    'spec.restartPolicy': spec?.restartPolicy ?? '',
    'spec.schedulerName': spec?.schedulerName ?? '',
    'spec.serviceAccountName': spec?.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec?.hostNetwork ?? false),
    'status.phase': status?.phase ?? '',
    'status.podIP': status?.podIPs?.[0]?.ip ?? status?.podIP ?? '',
    'status.nominatedNodeName': status?.nominatedNodeName ?? '',
  };
}

/** A pod that no node runs, or that has ended, goes at once. */
function gracePeriod({ spec, status }: Pod, requested: number | undefined): number {
  if (!spec?.nodeName || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0;
  const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 30;
  return seconds < 0 ? 1 : seconds;
}

/** How the pod's resources are promised: Guaranteed, Burstable or BestEffort. */
function qosClass({ spec }: Pod): string {
  const containers: Container[] = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const amounts = containers.flatMap(({ resources }) =>
    [resources?.requests, resources?.limits].flatMap((list) => [list?.cpu, list?.memory]),
  );
  if (amounts.every((amount) => amount === undefined || compareQuantities(amount, '0') === 0))
    return 'BestEffort';
  const guaranteed = containers.every(({ resources }) =>
    (['cpu', 'memory'] as const).every((name) => {
      const [request, limit] = [resources?.requests?.[name], resources?.limits?.[name]];
      return limit !== undefined && compareQuantities(request ?? limit, limit) === 0;
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
