import { CronExpressionParser } from 'cron-parser';
import { type Instant, parseDuration } from '../../../api/index.ts';

/** When a CronJob runs. */
export interface Schedule {
  /** The first time after `time`; undefined when there is none any more. */
  next(time: Instant): Instant | undefined;
  /** The last time at or before `time`. */
  last(time: Instant): Instant | undefined;
}

/** A schedule or a time zone that cannot be understood; the message names it. */
export class ScheduleError extends Error {
  override name = 'ScheduleError';
  /** The reason of the event that tells of it, as Kubernetes names it. */
  readonly reason: 'UnparseableSchedule' | 'UnknownTimeZone';

  constructor(reason: ScheduleError['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/**
 * Five cron fields, a name such as `@daily`, or `@every <duration>` counted from `start`.
 * @param timeZone a name of the IANA database; UTC when there is none
 * @throws ScheduleError
 */
export function parseSchedule(text: string, timeZone: string | undefined, start: Instant): Schedule {
  try {
    const every = /^@every\s+(\S+)$/.exec(text.trim())?.[1];
    if (every !== undefined) return interval(parseDuration(every), start);
    const tz = checkTimeZone(timeZone ?? 'UTC');
    // The library knows all of Kubernetes' names but this one.
    const expression = text.trim() === '@midnight' ? '@daily' : text;
    if (neverComes(expression, tz)) return { next: () => undefined, last: () => undefined };
    const from = (time: Instant) =>
      CronExpressionParser.parse(expression, { tz, currentDate: new Date(time) });
    return {
      next: (time) => found(() => from(time).next().getTime()),
      // Cron knows whole seconds: before the next one is at or before this one.
      last: (time) =>
        found(() =>
          from(Math.floor(time / 1000) * 1000 + 1000)
            .prev()
            .getTime(),
        ),
    };
  } catch (error) {
    if (error instanceof ScheduleError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ScheduleError(
      'UnparseableSchedule',
      `unparseable schedule: ${JSON.stringify(text)} : ${why}`,
      error,
    );
  }
}

/** Good fields that no day has, such as 31 February; the library refuses them. @throws what else it refuses */
function neverComes(expression: string, tz: string): boolean {
  try {
    CronExpressionParser.parse(expression, { tz });
    return false;
  } catch (error) {
    if (error instanceof Error && error.message.includes('explicit day of month')) return true;
    throw error;
  }
}

/** Whole seconds, at least one. */
function interval(durationMs: number, start: Instant): Schedule {
  const step = Math.max(1000, Math.floor(durationMs / 1000) * 1000);
  const steps = (time: Instant) => Math.floor((time - start) / step);
  return {
    next: (time) => start + Math.max(1, steps(time) + 1) * step,
    last: (time) => (steps(time) >= 1 ? start + steps(time) * step : undefined),
  };
}

function checkTimeZone(timeZone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return timeZone;
  } catch (error) {
    const message = `invalid timeZone: ${JSON.stringify(timeZone)}: unknown time zone ${timeZone}`;
    throw new ScheduleError('UnknownTimeZone', message, error);
  }
}

/** A date that never comes, such as 31 February, ends the library's search. */
function found(search: () => Instant): Instant | undefined {
  try {
    return search();
  } catch {
    return undefined;
  }
}
