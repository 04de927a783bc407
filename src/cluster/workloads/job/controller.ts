import type { Job } from 'kubernetes-types/batch/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { controllerOf, Jobs, Pods } from '../../../api/index.ts';
import { keyOf, objectKey } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { tellFailure } from '../common/failure.ts';
import { startReconciler } from '../common/reconciler.ts';
import { decideJob, type JobView } from './decide.ts';

export function startJobController(context: Context): Controller {
  const { informers } = context;
  const jobs = informers.informer(Jobs);
  const pods = informers.informer(Pods);
  const reconciler = startReconciler<Job, JobView>({
    context,
    component: 'job-controller',
    type: Jobs,
    reads: [Pods],
    observe: (job) => ({ job, pods: pods.ownedBy(job.metadata?.uid ?? '') }),
    decide: decideJob,
    decideFailure: tellFailure,
  });

  const podChanged = (pod: Pod) => {
    const owner = controllerOf(pod);
    if (owner?.kind === 'Job') reconciler.enqueue(objectKey(pod.metadata?.namespace, owner.name));
  };
  const enqueue = (job: Job) => reconciler.enqueue(keyOf(job));
  const subscriptions = [
    jobs.subscribe({ added: enqueue, updated: (_old, job) => enqueue(job) }),
    pods.subscribe({ added: podChanged, updated: (_old, pod) => podChanged(pod), deleted: podChanged }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}
