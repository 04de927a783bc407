/** A metric whose placeholders cannot be replaced; the message is for the user. */
export class PlaceholderError extends Error {
  override name = 'PlaceholderError';
}

const START = '{{';
const END = '}}';

/**
 * A copy of a JSON value in which every `{{ tag }}` in any string (list items and keys included, at any depth) is
 * replaced by its value. One pass: values are literal text and are not expanded again (ANA §2.1).
 * @throws PlaceholderError for an unknown tag (all of them are named) or a `{{` without `}}`
 */
export function replacePlaceholders<T>(value: T, values: ReadonlyMap<string, string>): T {
  const unknown = new Set<string>();
  const replaced = mapStrings(value, (text) =>
    replaceInText(text, (tag) => {
      const found = values.get(tag.trim());
      if (found === undefined) unknown.add(tag);
      return found ?? '';
    }),
  );
  if (unknown.size > 0) {
    const tags = [...unknown].map((tag) => `${START}${tag}${END}`);
    throw new PlaceholderError(`failed to resolve ${tags.join(', ')}`);
  }
  return replaced as T;
}

function replaceInText(text: string, lookUp: (tag: string) => string): string {
  let result = '';
  let at = 0;
  for (;;) {
    const start = text.indexOf(START, at);
    if (start < 0) return result + text.slice(at);
    const end = text.indexOf(END, start + START.length);
    if (end < 0) {
      throw new PlaceholderError(
        `Cannot find end tag="${END}" in the template=${JSON.stringify(text)} ` +
          `starting from ${JSON.stringify(text.slice(start + START.length))}`,
      );
    }
    result += text.slice(at, start) + lookUp(text.slice(start + START.length, end));
    at = end + END.length;
  }
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [change(key), mapStrings(member, change)]),
  );
}
