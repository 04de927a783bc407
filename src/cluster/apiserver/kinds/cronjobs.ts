import type { CronJob, JobSpec } from 'kubernetes-types/batch/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { invalid, nonNegative, oneOf, required } from './checks.ts';
import { column, none, since, wide } from './columns.ts';
import { scheduleProblem, timeZoneProblem } from './cron.ts';
import { builtin } from './define.ts';
import { validateJobSpec } from './job-spec.ts';
import { defaultTemplate } from './pods/defaults.ts';

/** Its Jobs have the minute of their start behind its name. */
const MAX_NAME = 52;

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
    column<CronJob>('Suspend', 'Whether it is stopped.', ({ spec }) => (spec?.suspend ? 'True' : 'False'), {
      type: 'boolean',
    }),
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
  validate: (object) => validateCronJob(object as CronJob),
});

/** In a CronJob the job's spec keeps what it leaves open; the Job that is made of it gets the defaults. */
function defaultTemplateSpec(spec: JobSpec | undefined): JobSpec {
  return { ...spec, template: defaultTemplate(spec?.template) };
}

function validateCronJob({ metadata, spec }: CronJob): FieldError[] {
  if (!spec) return [required('spec')];
  const errors: FieldError[] = [];
  if ((metadata?.name?.length ?? 0) > MAX_NAME) {
    errors.push(invalid('metadata.name', metadata?.name, `must be no more than ${MAX_NAME} characters`));
  }
  const problem = spec.schedule ? scheduleProblem(spec.schedule) : undefined;
  if (!spec.schedule) errors.push(required('spec.schedule'));
  else if (problem !== undefined) errors.push(invalid('spec.schedule', spec.schedule, problem));
  const unknownZone = spec.timeZone === undefined ? undefined : timeZoneProblem(spec.timeZone);
  if (unknownZone !== undefined) errors.push(invalid('spec.timeZone', spec.timeZone, unknownZone));
  errors.push(
    ...nonNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds),
    ...oneOf('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
    ...validateJobSpec(spec.jobTemplate?.spec, 'spec.jobTemplate.spec'),
  );
  if (spec.jobTemplate?.spec?.manualSelector) {
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'spec.jobTemplate.spec.manualSelector',
      value: true,
      detail: 'supported values: "nil", "false"',
    });
  }
  return [
    ...errors,
    ...nonNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit),
    ...nonNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit),
  ];
}
