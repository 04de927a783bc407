/** A point in time: milliseconds since the Unix epoch. Comes from a clock that is passed in, never read in decisions. */
export type Instant = number;

/** Reads the time; the only way in which I/O code learns it. */
export type Clock = () => Instant;

/** RFC 3339, UTC, whole seconds (truncated), as Kubernetes writes `metav1.Time`. */
export function formatTime(instant: Instant): string {
  return `${new Date(Math.floor(instant / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339, UTC, microseconds, as Kubernetes writes `metav1.MicroTime`. */
export function formatMicroTime(instant: Instant): string {
  return `${new Date(instant).toISOString().slice(0, 23)}000Z`;
}

/** The instant of an RFC 3339 time; undefined when there is none or it cannot be read. */
export function parseTime(text: string | undefined): Instant | undefined {
  if (!text) return undefined;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? undefined : instant;
}

/** What a duration string is refused for; the message is Go's (`time: invalid duration "1x"`). */
export class DurationError extends Error {
  override name = 'DurationError';
}

const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Milliseconds of a Go duration such as `1h30m`, `1.5h`, `90s`, `-2m`, `0`.
 * @throws DurationError with Go's message (ANA §0)
 */
export function parseDuration(text: string): number {
  const quoted = JSON.stringify(text);
  const sign = text.startsWith('-') ? -1 : 1;
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0;
  if (rest === '') throw new DurationError(`time: invalid duration ${quoted}`);
  let total = 0;
  while (rest !== '') {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) throw new DurationError(`time: invalid duration ${quoted}`);
    rest = rest.slice(number.length);
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? '';
    if (unit === '') throw new DurationError(`time: missing unit in duration ${quoted}`);
    const factor = unitMs[unit];
    if (factor === undefined) {
      throw new DurationError(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    }
    total += Number(number) * factor;
    rest = rest.slice(unit.length);
  }
  return sign * total;
}
