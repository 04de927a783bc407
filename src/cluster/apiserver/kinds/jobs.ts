import type { Job, JobSpec } from 'kubernetes-types/batch/v1.d.ts';
import { type Instant, type KubeObject, parseTime } from '../../../api/index.ts';
import { column, humanDuration, podColumns } from './columns.ts';
import { compact } from './compact.ts';
import { builtin } from './define.ts';
import { validateJobSpec, validateJobUpdate } from './job-spec.ts';
import { defaultTemplate } from './pods/defaults.ts';

const uidLabel = 'batch.kubernetes.io/controller-uid';
const nameLabel = 'batch.kubernetes.io/job-name';

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
    return validateJobUpdate(next as Job, old as Job);
  },
  unknownFieldText: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
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
    // Where each part has a limit of its own, that of all is out of the way.
    backoffLimit: spec.backoffLimit ?? (spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1),
    completionMode: spec.completionMode ?? 'NonIndexed',
    suspend: spec.suspend ?? false,
    manualSelector: spec.manualSelector ?? false,
    podFailurePolicy: defaultFailurePolicy(spec.podFailurePolicy),
    podReplacementPolicy:
      spec.podReplacementPolicy ?? (spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'),
  });
}

/** A pattern that names no status means that the condition is true. */
function defaultFailurePolicy(policy: JobSpec['podFailurePolicy']): JobSpec['podFailurePolicy'] {
  if (!policy?.rules) return policy;
  const rules = policy.rules.map((rule) => {
    const patterns = rule.onPodConditions?.map((pattern) => ({
      ...pattern,
      status: pattern.status || 'True',
    }));
    return { ...rule, ...(patterns && { onPodConditions: patterns }) };
  });
  return { ...policy, rules };
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
