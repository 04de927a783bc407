import type { Job, JobCondition } from 'kubernetes-types/batch/v1.d.ts';
import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.d.ts';
import {
  AnalysisRuns,
  controllerReference,
  formatSelector,
  formatTime,
  type JobMetric,
  Jobs,
  type Measurement,
  type Metric,
  Pods,
  parseTime,
} from '../../api/index.ts';
import { isAlreadyExists, type KubeClient } from '../../kube/index.ts';
import { MeasurementError } from './error.ts';
import type { Attempt, MeasureContext, WorkProvider } from './provider.ts';

const UID_LABEL = 'analysisrun.argoproj.io/uid';
const NAME_ANNOTATION = 'analysisrun.argoproj.io/name';
const NAMESPACE_ANNOTATION = 'analysisrun.argoproj.io/namespace';
const METRIC_ANNOTATION = 'analysisrun.argoproj.io/metric-name';
const JOB_NAME = 'job-name';
const JOB_NAMESPACE = 'job-namespace';
const MAX_NAME_LENGTH = 63;

/** Waiting reasons of containers that time does not heal. */
const terminalReasons = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName']);

/** Runs a Job; its completion is the verdict (ANA §6.3). */
export const job: WorkProvider = {
  kind: 'work',

  async run(metric, attempt, context) {
    const client = clientOf(context);
    const object = buildJob(metric, attempt, context);
    const now = formatTime(context.clock());
    await createOnce(client, object, context);
    await collectGarbage(client, metric, attempt, object, context);
    return {
      phase: 'Running',
      metadata: {
        [JOB_NAME]: object.metadata?.name ?? '',
        [JOB_NAMESPACE]: object.metadata?.namespace ?? '',
      },
      resumeAt: now,
    };
  },

  async resume(_metric, measurement, context) {
    const client = clientOf(context);
    const { name, namespace } = jobOf(measurement);
    const found = await client.get({ type: Jobs, namespace, name });
    const verdict = (found.status?.conditions ?? []).reduce<Measurement['phase'] | undefined>(
      (phase, condition) => phaseOf(condition) ?? phase,
      undefined,
    );
    const now = context.clock();
    if (verdict) return finished(measurement, verdict, now);
    const trouble = await terminalTrouble(client, found, namespace);
    if (trouble) return { ...finished(measurement, 'Inconclusive', now), message: trouble };
    const elapsedSeconds = Math.max(0, (now - (parseTime(measurement.startedAt) ?? now)) / 1000);
    const waitMs = Math.max(1, Math.sqrt(2 * elapsedSeconds)) * 1000;
    return { ...measurement, resumeAt: formatTime(now + waitMs) };
  },

  async terminate(_metric, measurement, context) {
    const { name, namespace } = jobOf(measurement);
    await clientOf(context).delete({ type: Jobs, namespace, name }, { propagationPolicy: 'Foreground' });
    return finished(measurement, 'Inconclusive', context.clock());
  },
};

function clientOf({ jobClient, client }: MeasureContext): KubeClient {
  const found = jobClient ?? client;
  if (!found) throw new MeasurementError('Job metrics need a connection to a cluster');
  return found;
}

function buildJob(metric: Metric, { number }: Attempt, { run, env, jobClient }: MeasureContext): Job {
  const { metadata = {}, spec } = metric.provider.job as JobMetric;
  const uid = run.metadata.uid ?? '';
  const namespace = env.ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE || run.metadata.namespace || 'default';
  const owned = !jobClient && namespace === run.metadata.namespace;
  const template = spec.template;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(uid, metric.name, number),
      namespace,
      labels: { ...metadata.labels, [UID_LABEL]: uid },
      annotations: {
        ...metadata.annotations,
        [NAME_ANNOTATION]: run.metadata.name ?? '',
        [NAMESPACE_ANNOTATION]: run.metadata.namespace ?? '',
        [METRIC_ANNOTATION]: metric.name,
      },
      ...(owned && { ownerReferences: [controllerReference(AnalysisRuns, run)] }),
    },
    spec: {
      ...spec,
      template: {
        ...template,
        metadata: { ...template.metadata, labels: { ...template.metadata?.labels, [UID_LABEL]: uid } },
      },
    },
  };
}

/** The same for every repetition of an attempt, so that none makes a second Job. */
function jobName(uid: string, metricName: string, number: number): string {
  const room = MAX_NAME_LENGTH - `${uid}..${number}`.length;
  const metric = metricName
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, Math.max(0, room))
    .replace(/^-+|-+$/g, '');
  return [uid, metric, String(number)].filter((part) => part !== '').join('.');
}

async function createOnce(
  client: KubeClient,
  object: Job,
  { run, jobClient }: MeasureContext,
): Promise<void> {
  try {
    await client.create(Jobs, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const { name = '', namespace } = object.metadata ?? {};
    const existing = await client.get({ type: Jobs, namespace, name });
    const mine = jobClient
      ? existing.metadata?.labels?.[UID_LABEL] === run.metadata.uid
      : (existing.metadata?.ownerReferences?.some((owner) => owner.uid === run.metadata.uid) ??
        existing.metadata?.labels?.[UID_LABEL] === run.metadata.uid);
    if (!mine) throw error;
  }
}

/** Deletes the oldest Jobs of the metric beyond those that are kept. */
async function collectGarbage(
  client: KubeClient,
  metric: Metric,
  { retention }: Attempt,
  { metadata: { namespace } = {} }: Job,
  { run }: MeasureContext,
): Promise<void> {
  try {
    const labelSelector = `${UID_LABEL}=${run.metadata.uid}`;
    const { items } = await client.list(Jobs, { namespace, labelSelector });
    const surplus = items
      .filter((item) => item.metadata?.annotations?.[METRIC_ANNOTATION] === metric.name)
      .sort((a, b) => createdAt(b) - createdAt(a))
      .slice(retention);
    for (const { metadata = {} } of surplus) {
      await client.delete(
        { type: Jobs, namespace, name: metadata.name ?? '' },
        { uid: metadata.uid, propagationPolicy: 'Background' },
      );
    }
  } catch {
    // The measurement itself is fine, and the next attempt collects again.
  }
}

function createdAt({ metadata }: Job): number {
  return parseTime(metadata?.creationTimestamp) ?? Number.POSITIVE_INFINITY;
}

function jobOf({ metadata }: Measurement): { name: string; namespace: string } {
  const name = metadata?.[JOB_NAME];
  const namespace = metadata?.[JOB_NAMESPACE];
  if (!name || !namespace) throw new MeasurementError('job metadata reference missing');
  return { name, namespace };
}

function phaseOf({ type, status }: JobCondition): Measurement['phase'] | undefined {
  if (status !== 'True') return undefined;
  if (type === 'Complete') return 'Successful';
  return type === 'Failed' ? 'Failed' : undefined;
}

function finished(measurement: Measurement, phase: Measurement['phase'], now: number): Measurement {
  const { resumeAt: _, ...rest } = measurement;
  return { ...rest, phase, finishedAt: formatTime(now) };
}

/** What keeps a pod of the Job from ever starting. */
async function terminalTrouble(
  client: KubeClient,
  { spec }: Job,
  namespace: string,
): Promise<string | undefined> {
  const labelSelector = formatSelector(spec?.selector);
  if (labelSelector === '') return undefined;
  const { items } = await client.list(Pods, { namespace, labelSelector });
  const lines = items.flatMap((pod) =>
    containersOf(pod).flatMap((container) => describeTrouble(pod, container)),
  );
  return lines.length > 0 ? lines.join('') : undefined;
}

function containersOf({ status }: Pod): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function describeTrouble({ metadata }: Pod, { name, state }: ContainerStatus): string[] {
  const { reason = '', message = '' } = state?.waiting ?? {};
  if (!terminalReasons.has(reason)) return [];
  return [`Pod ${metadata?.name}, container ${name} has terminal error (${reason}): ${message}\n`];
}
