import type { Measurement } from '../../api/index.ts';

const MASK = '*****';

/** Replaces every occurrence of a Secret's value, also in the forms that URLs and JSON give it. */
export type Redact = (text: string) => string;

/** The longest values first, so that one within another leaves nothing behind. Empty values are no secrets. */
export function createRedact(secrets: Iterable<string>): Redact {
  const forms = new Set<string>();
  // White space at the ends, such as the newline of a file, is often lost on the way.
  for (const secret of [...secrets].flatMap((value) => [value, value.trim()])) {
    if (secret === '') continue;
    forms.add(secret);
    forms.add(encodeURIComponent(secret));
    forms.add(encodeURI(secret));
    forms.add(new URLSearchParams({ '': secret }).toString().slice(1));
    forms.add(JSON.stringify(secret).slice(1, -1));
  }
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((redacted, form) => redacted.replaceAll(form, MASK), text);
}

/** The measurement without secrets in message, value and metadata. */
export function redactMeasurement(measurement: Measurement, redact: Redact): Measurement {
  const { metadata } = measurement;
  return {
    ...redactOutcome(measurement, redact),
    ...(metadata && { metadata: redactMap(metadata, redact) }),
  };
}

/**
 * The measurement without secrets in message and value. For work that is found again by its metadata: a name of our
 * own making holds no secret, but may happen to hold the same characters.
 */
export function redactOutcome(measurement: Measurement, redact: Redact): Measurement {
  const { message, value } = measurement;
  return {
    ...measurement,
    ...(message !== undefined && { message: redact(message) }),
    ...(value !== undefined && { value: redact(value) }),
  };
}

export function redactMap(map: Readonly<Record<string, string>>, redact: Redact): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, redact(value)]));
}
