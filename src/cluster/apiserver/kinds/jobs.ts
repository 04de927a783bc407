import type { CronJob, Job, JobSpec } from 'kubernetes-types/batch/v1.d.ts';
import { equal, type Instant, type KubeObject, parseTime } from '../../../api/index.ts';
import { type FieldError, Verbatim } from '../errors.ts';
import { immutable, invalid, nonNegative, oneOf, required } from './checks.ts';
import { column, humanDuration, none, podColumns, since, wide } from './columns.ts';
import { compact } from './compact.ts';
import { builtin } from './define.ts';
import { defaultTemplate } from './pods/defaults.ts';
import { validateTemplate } from './pods/validate.ts';
import { validateSelector } from './selectors.ts';

const uidLabel = 'batch.kubernetes.io/controller-uid';
const nameLabel = 'batch.kubernetes.io/job-name';
const restartPolicies = ['OnFailure', 'Never'];

export const jobs = builtin({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  package: 'io.k8s.api.batch.v1',
  categories: ['all'],
  status: true,
  defaultPropagation: 'Orphan',
  columns: [
    column<Job>('Status', 'What the job is doing.', statusCell),
    column<Job>('Completions', 'Pods that have succeeded, of those wanted.', completionsCell),
    column<Job>('Duration', 'From its start to its end, or to now.', durationCell),
    ...podColumns,
  ],
  defaults: (object) => ({ ...object, spec: defaultJobSpec((object as Job).spec) }) as KubeObject,
  prepareForCreate: (object) => withPodLabels(object as Job) as KubeObject,
  validate: (object) => validateJobSpec((object as Job).spec, 'spec'),
  validateUpdate(next, old, subresource) {
    if (subresource === 'status') return [];
    return immutableJobFields((next as Job).spec, (old as Job).spec);
  },
  fields: (object) => ({ 'status.successful': String((object as Job).status?.succeeded ?? 0) }),
});

function defaultJobSpec(given: JobSpec | undefined): JobSpec {
  const spec: Partial<JobSpec> = given ?? {};
  // Neither given: one pod. A job with only a parallelism works off a queue.
  const isSingle = spec.completions === undefined && spec.parallelism === undefined;
  return compact({
    ...spec,
    template: defaultTemplate(spec.template),
    completions: isSingle ? 1 : spec.completions,
    parallelism: spec.parallelism ?? 1,
    backoffLimit: spec.backoffLimit ?? 6,
    completionMode: spec.completionMode ?? 'NonIndexed',
    suspend: spec.suspend ?? false,
    podReplacementPolicy:
      spec.podReplacementPolicy ?? (spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'),
  });
}

/** A job with the labels by which its pods are known, and a selector for them; its own labels default to these. */
function withPodLabels(job: Job): Job {
  const { spec, metadata } = job;
  if (!spec || spec.manualSelector) return job;
  const uid = metadata?.uid ?? '';
  const name = metadata?.name ?? '';
  const labels = {
    ...spec.template.metadata?.labels,
    [uidLabel]: uid,
    [nameLabel]: name,
    'controller-uid': uid,
    'job-name': name,
  };
  return {
    ...job,
    metadata: { ...metadata, labels: metadata?.labels ?? labels },
    spec: {
      ...spec,
      selector: { matchLabels: { ...spec.selector?.matchLabels, [uidLabel]: uid } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}

function validateJobSpec(spec: JobSpec | undefined, field: string): FieldError[] {
  if (!spec) return [required(field)];
  const errors = [
    ...nonNegative(`${field}.parallelism`, spec.parallelism),
    ...nonNegative(`${field}.completions`, spec.completions),
    ...nonNegative(`${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds),
    ...nonNegative(`${field}.backoffLimit`, spec.backoffLimit),
    ...nonNegative(`${field}.ttlSecondsAfterFinished`, spec.ttlSecondsAfterFinished),
    ...oneOf(`${field}.completionMode`, spec.completionMode, ['Indexed', 'NonIndexed']),
    ...validateSelector(spec.selector, `${field}.selector`),
  ];
  if (spec.completionMode === 'Indexed' && spec.completions === undefined) {
    errors.push(required(`${field}.completions`, 'when completion mode is Indexed'));
  }
  const policy = spec.template?.spec?.restartPolicy;
  const at = `${field}.template.spec.restartPolicy`;
  errors.push(...validateTemplate(spec.template, `${field}.template`, [...restartPolicies, 'Always']));
  // Kubernetes words this one as a missing value, since Always is what it fills in.
  if (policy === 'Always') errors.push(required(at, 'valid values: "OnFailure", "Never"'));
  return errors;
}

function immutableJobFields(next: JobSpec | undefined, old: JobSpec | undefined): FieldError[] {
  const errors = [
    ...immutable('spec.selector', next?.selector, old?.selector),
    ...immutable('spec.completionMode', next?.completionMode, old?.completionMode),
  ];
  if (old?.completionMode !== 'Indexed') {
    errors.push(...immutable('spec.completions', next?.completions, old?.completions));
  }
  if (!old?.suspend && !equal(next?.template, old?.template)) {
    errors.push(invalid('spec.template', new Verbatim('core.PodTemplateSpec{…}'), 'field is immutable'));
  }
  return errors;
}

function statusCell({ metadata, spec, status }: Job): string {
  const has = (type: string) =>
    status?.conditions?.some((condition) => condition.type === type && condition.status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (metadata?.deletionTimestamp) return 'Terminating';
  if (has('Suspended') || spec?.suspend) return 'Suspended';
  if (has('FailureTarget')) return 'FailureTarget';
  return has('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function completionsCell({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationCell({ status }: Job, now: Instant): string {
  const start = parseTime(status?.startTime);
  if (start === undefined) return '';
  return humanDuration((parseTime(status?.completionTime) ?? now) - start);
}

export const cronJobs = builtin({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  package: 'io.k8s.api.batch.v1',
  shortNames: ['cj'],
  categories: ['all'],
  status: true,
  generation: ['spec'],
  columns: [
    column<CronJob>('Schedule', 'When it runs.', ({ spec }) => spec?.schedule ?? ''),
    column<CronJob>('Timezone', 'Time zone of the schedule.', ({ spec }) => spec?.timeZone ?? none),
    column<CronJob>('Suspend', 'Whether it is stopped.', ({ spec }) => (spec?.suspend ? 'True' : 'False')),
    column<CronJob>('Active', 'Jobs that run now.', ({ status }) => status?.active?.length ?? 0, {
      type: 'integer',
    }),
    column<CronJob>('Last Schedule', 'Time since it last ran.', ({ status }, now) =>
      status?.lastScheduleTime ? since(status.lastScheduleTime, now) : none,
    ),
    ...(['Containers', 'Images'] as const).map((name) =>
      wide<CronJob>(name, `${name} of the job's template.`, ({ spec }) =>
        (spec?.jobTemplate.spec?.template.spec?.containers ?? [])
          .map((container) => (name === 'Images' ? container.image : container.name))
          .join(','),
      ),
    ),
    wide<CronJob>('Selector', 'Label selector of the pods.', () => none),
  ],
  defaults(object) {
    const { spec } = object as CronJob;
    const filled = {
      ...spec,
      concurrencyPolicy: spec?.concurrencyPolicy ?? 'Allow',
      suspend: spec?.suspend ?? false,
      jobTemplate: {
        ...spec?.jobTemplate,
        metadata: spec?.jobTemplate?.metadata ?? {},
        spec: defaultTemplateSpec(spec?.jobTemplate?.spec),
      },
      successfulJobsHistoryLimit: spec?.successfulJobsHistoryLimit ?? 3,
      failedJobsHistoryLimit: spec?.failedJobsHistoryLimit ?? 1,
    };
    return { ...object, spec: filled } as KubeObject;
  },
  validate(object) {
    const { spec } = object as CronJob;
    if (!spec) return [required('spec')];
    const errors = [
      ...oneOf('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
      ...validateJobSpec(spec.jobTemplate?.spec, 'spec.jobTemplate.spec'),
    ];
    if (!spec.schedule) errors.unshift(required('spec.schedule'));
    else if (!/^(@\w+|@every \S+|\S+(\s+\S+){4})$/.test(spec.schedule.trim())) {
      const detail = 'expected five fields (minute hour day month weekday) or a name such as @daily';
      errors.unshift(invalid('spec.schedule', spec.schedule, detail));
    }
    return errors;
  },
});

/** In a CronJob the job's spec keeps what it leaves open; the Job that is made of it gets the defaults. */
function defaultTemplateSpec(spec: JobSpec | undefined): JobSpec {
  return { ...spec, template: defaultTemplate(spec?.template) };
}
