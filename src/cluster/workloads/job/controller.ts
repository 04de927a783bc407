import type { Job } from 'kubernetes-types/batch/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { controllerOf, Jobs, Pods } from '../../../api/index.ts';
import { applyEffect, isConflict, isNotFound, keyOf, splitKey, WorkQueue } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { tellFailure } from '../common/failure.ts';
import { OwnedPods } from '../common/owned-pods.ts';
import { startReconciler } from '../common/reconciler.ts';
import { decideJob, type JobView } from './decide.ts';
import { isTracked, retrack } from './tracking.ts';

export function startJobController(context: Context): Controller {
  const { client, informers, log } = context;
  const jobs = informers.informer(Jobs);
  const pods = informers.informer(Pods);
  const ownPods = new OwnedPods(context, Jobs);
  const reconciler = startReconciler<Job, JobView>({
    context,
    component: 'job-controller',
    type: Jobs,
    reads: [Pods],
    async observe(job) {
      return { job, pods: await ownPods.of(job) };
    },
    decide: decideJob,
    decideFailure: tellFailure,
  });

  /** Pods whose Job is gone, or lets go of them, are not counted by anybody: nothing may hold them. */
  const abandoned = new WorkQueue({
    concurrency: 5,
    backoff: { baseMs: 5, maxMs: 30_000 },
    async process(key) {
      await jobs.synced();
      const { namespace, name } = splitKey(key);
      const pod = pods.get(namespace, name);
      if (!pod || !isTracked(pod) || ownerOf(pod)) return;
      await applyEffect(client, retrack(pod, false));
    },
    isFinal: isNotFound,
    onError(key, error) {
      log[isConflict(error) ? 'debug' : 'warn'](
        { pod: key, err: error },
        'cannot let go of a pod without Job',
      );
    },
  });

  function ownerOf(pod: Pod): Job | undefined {
    const owner = controllerOf(pod);
    const job = owner?.kind === Jobs.kind ? jobs.get(pod.metadata?.namespace, owner.name) : undefined;
    return job?.metadata?.uid === owner?.uid ? job : undefined;
  }
  const letGo = (pod: Pod) => {
    if (isTracked(pod)) abandoned.add(keyOf(pod));
  };
  const enqueue = (job: Job) => reconciler.enqueue(keyOf(job));
  const subscriptions = [
    jobs.subscribe({
      added: enqueue,
      updated: (_old, job) => enqueue(job),
      deleted(job) {
        for (const pod of pods.ownedBy(job.metadata?.uid ?? '')) abandoned.add(keyOf(pod));
      },
    }),
    ownPods.watch((key) => reconciler.enqueue(key)),
    pods.subscribe({ added: letGo, updated: (_old, pod) => letGo(pod) }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await Promise.all([reconciler.stop(), abandoned.stop()]);
    },
  };
}
