import { DurationError, parseDuration } from '../../../api/index.ts';
import { Failure } from '../error.ts';
import { DurationValue, findZone, TimeValue, TimezoneError, zoneOffsetMs } from '../time.ts';
import { DURATION, STRING, TIME } from '../types.ts';
import { display, typeName, type Value } from '../values.ts';
import type { Builtin } from './builtin.ts';
import { formatLayout, parseLayout } from './time-layout.ts';

/** Tried in this order when `date` is given no layout. */
const layouts = [
  '2006-01-02',
  '15:04:05',
  '2006-01-02 15:04:05',
  '2006-01-02T15:04:05Z07:00',
  '02 Jan 06 15:04 MST',
  'Monday, 02-Jan-06 15:04:05 MST',
  'Mon, 02 Jan 2006 15:04:05 MST',
];

function parseDate(text: string, layout: string | undefined, zone: string): TimeValue {
  for (const candidate of layout === undefined ? layouts : [layout]) {
    const parsed = parseLayout(candidate, text);
    if (!parsed) continue;
    const { year, month, day, hour, minute, second, millisecond } = parsed.parts;
    const local = Date.UTC(2000, month - 1, day, hour, minute, second, millisecond);
    const wall = new Date(local);
    wall.setUTCFullYear(year, month - 1, day);
    const offset = parsed.offsetMs ?? zoneOffsetMs(wall.getTime() - zoneOffsetMs(wall.getTime(), zone), zone);
    return new TimeValue(wall.getTime() - offset, zone);
  }
  throw new Failure(
    layout === undefined
      ? `invalid date ${text}`
      : `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: it does not fit`,
  );
}

/** Fails as an expression does. */
function zoneNamed(name: string): string {
  try {
    return findZone(name);
  } catch (error) {
    if (!(error instanceof TimezoneError)) throw error;
    throw new Failure(error.message);
  }
}

export const timeFunctions: Record<string, Builtin> = {
  now: { params: [], returns: TIME, call: (_, { now }) => new TimeValue(now) },
  duration: {
    params: [['string']],
    returns: DURATION,
    call: ([text]) => {
      try {
        return new DurationValue(parseDuration(text as string));
      } catch (error) {
        if (!(error instanceof DurationError)) throw error;
        throw new Failure(error.message);
      }
    },
  },
  date: {
    params: [['string'], ['string'], ['string']],
    optional: 2,
    returns: TIME,
    call: ([text, layout, zone = 'UTC']) =>
      parseDate(text as string, layout as string | undefined, zoneNamed(zone as string)),
  },
  /** A zone is represented by its name: all that takes one takes a name. */
  timezone: { params: [['string']], returns: STRING, call: ([name]) => zoneNamed(name as string) },
};

type Method = (self: Value, args: readonly Value[]) => Value;

const ofTime =
  (read: (time: TimeValue) => Value): Method =>
  (self) =>
    read(self as TimeValue);
const part = (read: (parts: ReturnType<TimeValue['parts']>) => number): Method =>
  ofTime((time) => BigInt(read(time.parts())));

const timeArgument = (args: readonly Value[]): TimeValue => {
  const [time] = args;
  if (!(time instanceof TimeValue)) throw new Failure(`expected a time, but got ${typeName(time ?? null)}`);
  return time;
};
const durationArgument = (args: readonly Value[]): DurationValue => {
  const [duration] = args;
  if (!(duration instanceof DurationValue)) {
    throw new Failure(`expected a duration, but got ${typeName(duration ?? null)}`);
  }
  return duration;
};

const timeMethods: Record<string, Method> = {
  Year: part(({ year }) => year),
  Month: part(({ month }) => month),
  Day: part(({ day }) => day),
  Hour: part(({ hour }) => hour),
  Minute: part(({ minute }) => minute),
  Second: part(({ second }) => second),
  Nanosecond: part(({ millisecond }) => millisecond * 1_000_000),
  Weekday: part(({ weekday }) => weekday),
  YearDay: part(
    ({ year, month, day }) => (Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 0)) / 86_400_000,
  ),
  Unix: ofTime(({ epochMs }) => BigInt(Math.floor(epochMs / 1000))),
  UnixMilli: ofTime(({ epochMs }) => BigInt(Math.floor(epochMs))),
  UnixMicro: ofTime(({ epochMs }) => BigInt(Math.floor(epochMs)) * 1000n),
  UnixNano: ofTime(({ epochMs }) => BigInt(Math.floor(epochMs)) * 1_000_000n),
  String: ofTime((time) => time.toString()),
  UTC: ofTime(({ epochMs }) => new TimeValue(epochMs)),
  In: (self, [zone]) => new TimeValue((self as TimeValue).epochMs, zoneNamed(display(zone ?? null))),
  Format: (self, [layout]) => {
    const time = self as TimeValue;
    return formatLayout(
      display(layout ?? null),
      time.parts(),
      zoneOffsetMs(time.epochMs, time.zone),
      time.zone,
    );
  },
  Add: (self, args) => {
    const time = self as TimeValue;
    return new TimeValue(time.epochMs + durationArgument(args).ms, time.zone);
  },
  Sub: (self, args) => new DurationValue((self as TimeValue).epochMs - timeArgument(args).epochMs),
  Before: (self, args) => (self as TimeValue).epochMs < timeArgument(args).epochMs,
  After: (self, args) => (self as TimeValue).epochMs > timeArgument(args).epochMs,
  Equal: (self, args) => (self as TimeValue).epochMs === timeArgument(args).epochMs,
  Truncate: (self, args) => {
    const time = self as TimeValue;
    const { ms } = durationArgument(args);
    return ms > 0 ? new TimeValue(Math.floor(time.epochMs / ms) * ms, time.zone) : time;
  },
  AddDate: (self, [years = null, months = null, days = null]) => {
    const time = self as TimeValue;
    const { year, month, day, hour, minute, second, millisecond } = time.parts();
    const wall = Date.UTC(
      year + Number(years),
      month - 1 + Number(months),
      day + Number(days),
      hour,
      minute,
      second,
      millisecond,
    );
    return new TimeValue(wall - zoneOffsetMs(wall - zoneOffsetMs(wall, time.zone), time.zone), time.zone);
  },
};

const durationMethods: Record<string, Method> = {
  Hours: (self) => (self as DurationValue).ms / 3_600_000,
  Minutes: (self) => (self as DurationValue).ms / 60_000,
  Seconds: (self) => (self as DurationValue).ms / 1000,
  Milliseconds: (self) => BigInt(Math.trunc((self as DurationValue).ms)),
  Microseconds: (self) => BigInt(Math.trunc((self as DurationValue).ms * 1000)),
  Nanoseconds: (self) => BigInt(Math.trunc((self as DurationValue).ms * 1_000_000)),
  String: (self) => (self as DurationValue).toString(),
  Abs: (self) => new DurationValue(Math.abs((self as DurationValue).ms)),
};

/** Calls a method of a time or duration. @throws Failure when there is none of that name */
export function callMethod(self: Value, name: string, args: readonly Value[]): Value {
  const methods =
    self instanceof TimeValue ? timeMethods : self instanceof DurationValue ? durationMethods : undefined;
  const method = methods && Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!method) throw new Failure(`type ${typeName(self)} has no method ${name}`);
  return method(self, args);
}
