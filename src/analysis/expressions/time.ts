import { formatTime, type Instant } from '../../api/index.ts';

/** A point in time with the zone in which its parts are told; to the millisecond. */
export class TimeValue {
  readonly epochMs: Instant;
  /** IANA name. */
  readonly zone: string;

  constructor(epochMs: Instant, zone = 'UTC') {
    this.epochMs = epochMs;
    this.zone = zone;
  }

  /** Calendar parts in the zone. */
  parts(): TimeParts {
    const shifted = new Date(this.epochMs + zoneOffsetMs(this.epochMs, this.zone));
    return {
      year: shifted.getUTCFullYear(),
      month: shifted.getUTCMonth() + 1,
      day: shifted.getUTCDate(),
      hour: shifted.getUTCHours(),
      minute: shifted.getUTCMinutes(),
      second: shifted.getUTCSeconds(),
      millisecond: shifted.getUTCMilliseconds(),
      weekday: shifted.getUTCDay(),
    };
  }

  toString(): string {
    return this.zone === 'UTC' ? formatTime(this.epochMs) : `${formatTime(this.epochMs)} (${this.zone})`;
  }
}

export interface TimeParts {
  year: number;
  /** From 1. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
  /** 0: Sunday. */
  weekday: number;
}

/** A length of time in milliseconds, fractions included. */
export class DurationValue {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }

  /** As Go writes it, e.g. `1h30m0s`, `1.5s`, `0s`. */
  toString(): string {
    if (this.ms === 0) return '0s';
    const sign = this.ms < 0 ? '-' : '';
    const ms = Math.abs(this.ms);
    if (ms < 1000) return `${sign}${ms}ms`;
    const hours = Math.floor(ms / 3_600_000);
    const minutes = Math.floor((ms % 3_600_000) / 60_000);
    const seconds = Number(((ms % 60_000) / 1000).toFixed(9));
    const wholeMinutes = hours > 0 || minutes > 0 ? `${minutes}m` : '';
    return `${sign}${hours > 0 ? `${hours}h` : ''}${wholeMinutes}${seconds}s`;
  }
}

/** A time zone. */
export class TimezoneError extends Error {
  override name = 'TimezoneError';
}

/** The canonical name of a zone. @throws TimezoneError when there is none of that name */
export function findZone(name: string): string {
  if (name === '' || name === 'UTC') return 'UTC';
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw new TimezoneError(`unknown time zone ${name}`);
  }
}

/** Milliseconds that a zone is ahead of UTC at an instant. */
export function zoneOffsetMs(at: Instant, zone: string): number {
  if (zone === 'UTC') return 0;
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((p) => p.type === type)?.value);
  const local = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return local - Math.floor(at / 1000) * 1000;
}
