import type { Job } from 'kubernetes-types/batch/v1.d.ts';
import type { Container, Pod } from 'kubernetes-types/core/v1.d.ts';

/** Completion mode Indexed: each pod does the part of the work that its number says, and each part once. */

/** Label and annotation on a pod: the number of its part. */
const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index';
const VARIABLE = 'JOB_COMPLETION_INDEX';

export const isIndexed = ({ spec }: Job): boolean => spec?.completionMode === 'Indexed';

/** The number of a pod's part; undefined when it has none of this Job's. */
export function indexOf({ metadata }: Pod, { spec }: Job): number | undefined {
  const text = metadata?.annotations?.[COMPLETION_INDEX];
  const index = text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  return index !== undefined && index < (spec?.completions ?? 0) ? index : undefined;
}

/** The parts that are done by what the Job's status says, in order. */
export const knownCompleted = ({ spec, status }: Job): number[] =>
  parseIndexes(status?.completedIndexes ?? '', spec?.completions ?? 0);

/** The parts that are done: those that are known, and those whose pods have succeeded. */
export function completedIndexes(job: Job, pods: readonly Pod[]): number[] {
  const done = new Set(knownCompleted(job));
  for (const pod of pods) {
    const index = indexOf(pod, job);
    if (index !== undefined && pod.status?.phase === 'Succeeded') done.add(index);
  }
  return inOrder(done);
}

/** Active pods whose part is over, is another's as well, or is none of this Job's. */
export function redundantPods(job: Job, active: readonly Pod[], over: readonly number[]): Pod[] {
  const taken = new Set(over);
  return active.filter((pod) => {
    const index = indexOf(pod, job);
    if (index === undefined || taken.has(index)) return true;
    taken.add(index);
    return false;
  });
}

/** The first parts that are neither over nor being worked on. */
export function openIndexes(
  job: Job,
  working: readonly Pod[],
  over: readonly number[],
  count: number,
): number[] {
  const taken = new Set([...over, ...working.map((pod) => indexOf(pod, job))]);
  const open: number[] = [];
  for (let index = 0; index < (job.spec?.completions ?? 0) && open.length < count; index++) {
    if (!taken.has(index)) open.push(index);
  }
  return open;
}

/** The pod with its number, which its containers find in `JOB_COMPLETION_INDEX`. */
export function withIndex(pod: Pod, job: Job, index: number): Pod {
  const mark = { [COMPLETION_INDEX]: String(index) };
  const value = {
    name: VARIABLE,
    valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${COMPLETION_INDEX}']` } },
  };
  const informed = (container: Container): Container =>
    container.env?.some(({ name }) => name === VARIABLE)
      ? container
      : { ...container, env: [...(container.env ?? []), value] };
  const { initContainers, containers = [] } = pod.spec ?? {};
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: `${job.metadata?.name}-${index}-`,
      labels: { ...pod.metadata?.labels, ...mark },
      annotations: { ...pod.metadata?.annotations, ...mark },
    },
    spec: {
      ...pod.spec,
      hostname: `${job.metadata?.name}-${index}`,
      ...(initContainers && { initContainers: initContainers.map(informed) }),
      containers: containers.map(informed),
    },
  };
}

export const inOrder = (indexes: Iterable<number>): number[] => [...indexes].sort((a, b) => a - b);

/** Kubernetes' short form: `0-2,4`; two in a row are not shortened. The numbers are in order. */
export function formatIndexes(indexes: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const index of indexes) {
    const run = runs.at(-1);
    if (run && run[1] === index - 1) run[1] = index;
    else runs.push([index, index]);
  }
  return runs
    .map(([first, last]) => (first === last ? `${first}` : `${first}${last - first > 1 ? '-' : ','}${last}`))
    .join(',');
}

/** Those below the limit, however far a run that somebody wrote may reach. */
export function parseIndexes(text: string, limit: number): number[] {
  return text.split(',').flatMap((run) => {
    const [first, last = first] = run.split('-').filter(Boolean).map(Number);
    if (first === undefined || last === undefined || Number.isNaN(first + last)) return [];
    return Array.from({ length: Math.max(0, Math.min(last, limit - 1) - first + 1) }, (_, i) => first + i);
  });
}
