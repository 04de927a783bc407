import type { Job } from 'kubernetes-types/batch/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { controllerReference, type Instant, Jobs } from '../../../api/index.ts';
import { generatedName } from '../common/naming.ts';
import { podOf } from '../common/pods.ts';
import { withIndex } from './indexes.ts';
import { indexFailures, TRACKING_FINALIZER, withFailures } from './tracking.ts';

/** The pods that a Job makes. */

export function newPod(job: Job, now: Instant, part: string, prefix = job.metadata?.name ?? ''): Pod {
  const { name = '', namespace, uid = '' } = job.metadata ?? {};
  const pod = podOf(
    job.spec?.template,
    controllerReference(Jobs, job),
    namespace,
    generatedName(prefix, uid, now, part),
  );
  const ours = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...pod.metadata?.labels, ...ours },
      finalizers: [...(pod.metadata?.finalizers ?? []), TRACKING_FINALIZER],
    },
  };
}

/** @param tries the Job's pods so far */
export function newIndexedPod(job: Job, now: Instant, index: number, tries: readonly Pod[]): Pod {
  const pod = withIndex(newPod(job, now, String(index), `${job.metadata?.name}-${index}`), job, index);
  if (job.spec?.backoffLimitPerIndex === undefined) return pod;
  return withFailures(pod, indexFailures(job, tries, index));
}
