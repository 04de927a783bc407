import type { CronJob, Job } from 'kubernetes-types/batch/v1.d.ts';
import { CronJobs, controllerOf, Jobs } from '../../../api/index.ts';
import { keyOf, objectKey } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { startReconciler } from '../common/reconciler.ts';
import { type CronJobView, decideCronJob, decideCronJobFailure } from './decide.ts';

export function startCronJobController(context: Context): Controller {
  const { informers } = context;
  const cronJobs = informers.informer(CronJobs);
  const jobs = informers.informer(Jobs);
  const reconciler = startReconciler<CronJob, CronJobView>({
    context,
    component: 'cronjob-controller',
    type: CronJobs,
    reads: [Jobs],
    observe(cronJob) {
      const uid = cronJob.metadata?.uid ?? '';
      return { cronJob, jobs: jobs.ownedBy(uid).filter((job) => controllerOf(job)?.uid === uid) };
    },
    decide: decideCronJob,
    decideFailure: decideCronJobFailure,
  });

  const jobChanged = (job: Job) => {
    const owner = controllerOf(job);
    if (owner?.kind === 'CronJob') reconciler.enqueue(objectKey(job.metadata?.namespace, owner.name));
  };
  const enqueue = (cronJob: CronJob) => reconciler.enqueue(keyOf(cronJob));
  const subscriptions = [
    cronJobs.subscribe({ added: enqueue, updated: (_old, cronJob) => enqueue(cronJob) }),
    jobs.subscribe({ added: jobChanged, updated: (_old, job) => jobChanged(job), deleted: jobChanged }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}
