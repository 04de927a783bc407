import type { Job } from 'kubernetes-types/batch/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { controllerOf, equal, Jobs, matchesSelector, Pods } from '../../../api/index.ts';
import {
  applyEffect,
  isConflict,
  isNotFound,
  keyOf,
  objectKey,
  splitKey,
  WorkQueue,
} from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { tellFailure } from '../common/failure.ts';
import { orphansIn, watchOrphans } from '../common/orphans.ts';
import { startReconciler } from '../common/reconciler.ts';
import { decideJob, type JobView } from './decide.ts';
import { isTracked, retrack } from './tracking.ts';

export function startJobController(context: Context): Controller {
  const { client, informers, log } = context;
  const jobs = informers.informer(Jobs);
  const pods = informers.informer(Pods);
  watchOrphans(pods);
  const reconciler = startReconciler<Job, JobView>({
    context,
    component: 'job-controller',
    type: Jobs,
    reads: [Pods],
    async observe(job) {
      const { namespace, name = '', uid = '' } = job.metadata ?? {};
      const view: JobView = { job, pods: pods.ownedBy(uid) };
      const orphans = orphansIn(pods, namespace).filter((pod) =>
        matchesSelector(job.spec?.selector, pod.metadata?.labels),
      );
      if (orphans.length === 0) return view;
      // Whoever deletes a Job and keeps its pods must not see them adopted by a cache that is behind.
      const live = await client.get({ type: Jobs, namespace, name });
      const adopts = live.metadata?.uid === uid && !live.metadata?.deletionTimestamp;
      return adopts ? { job, pods: [...view.pods, ...orphans] } : view;
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
  function podChanged(pod: Pod): void {
    const namespace = pod.metadata?.namespace;
    const owner = controllerOf(pod);
    if (owner?.kind === Jobs.kind) reconciler.enqueue(objectKey(namespace, owner.name));
    else if (!owner) {
      for (const job of jobs.list(namespace)) {
        if (matchesSelector(job.spec?.selector, pod.metadata?.labels)) reconciler.enqueue(keyOf(job));
      }
    }
    if (isTracked(pod)) abandoned.add(keyOf(pod));
  }
  const enqueue = (job: Job) => reconciler.enqueue(keyOf(job));
  const subscriptions = [
    jobs.subscribe({
      added: enqueue,
      updated: (_old, job) => enqueue(job),
      deleted(job) {
        for (const pod of pods.ownedBy(job.metadata?.uid ?? '')) abandoned.add(keyOf(pod));
      },
    }),
    pods.subscribe({
      added: podChanged,
      updated(old, pod) {
        // A change of owner concerns both.
        if (!equal(controllerOf(old), controllerOf(pod))) podChanged(old);
        podChanged(pod);
      },
      deleted: podChanged,
    }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await Promise.all([reconciler.stop(), abandoned.stop()]);
    },
  };
}
