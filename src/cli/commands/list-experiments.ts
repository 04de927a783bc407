import {
  DurationError,
  type Experiment,
  Experiments,
  type Instant,
  isCompleted,
  parseDuration,
  parseTime,
} from '../../api/index.ts';
import { humanDuration } from '../info/index.ts';
import type { ListTable } from './list-objects.ts';

/** One row for each Experiment (CLI-058). */
export const experimentTable: ListTable<Experiment> = {
  type: Experiments,
  columns: [
    ['NAME', 10],
    ['STATUS', 6],
    ['DURATION', 8],
    ['REMAINING', 9],
    ['AGE', 3],
  ],
  steadyCells: 3,
  row: ({ metadata, spec, status }, now) => {
    const durationMs = milliseconds(spec.duration);
    const created = parseTime(metadata.creationTimestamp as string | undefined);
    return [
      metadata.name ?? '',
      status?.phase ?? '',
      durationMs === undefined ? '-' : humanDuration(durationMs),
      remaining(durationMs, status, now),
      created === undefined ? '' : humanDuration(now - created),
    ];
  },
};

/** Undefined when there is no duration, or none that can be read. */
function milliseconds(duration: string | undefined): number | undefined {
  if (!duration) return undefined;
  try {
    return parseDuration(duration);
  } catch (error) {
    if (error instanceof DurationError) return undefined;
    throw error;
  }
}

function remaining(durationMs: number | undefined, status: Experiment['status'], now: Instant): string {
  const availableAt = parseTime(status?.availableAt);
  if (durationMs === undefined || availableAt === undefined || isCompleted(status?.phase)) return '-';
  const left = availableAt + durationMs - now;
  return left > 0 ? humanDuration(left) : '-';
}
