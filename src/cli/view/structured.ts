import { stringify } from 'yaml';

export type StructuredFormat = 'json' | 'yaml';

/** The value as JSON or YAML without what is empty, as the dashboard's API gives it (CLI §6.5). */
export function formatStructured(value: unknown, format: StructuredFormat): string {
  const lean = withoutEmpty(value) ?? {};
  return format === 'json' ? `${JSON.stringify(lean, null, 2)}\n` : stringify(lean, { lineWidth: 0 });
}

/** Undefined for zero, false, empty texts and lists; of objects, what is left of their members. */
function withoutEmpty(value: unknown): unknown {
  if (value === undefined || value === null || value === 0 || value === '' || value === false)
    return undefined;
  if (Array.isArray(value))
    return value.length > 0 ? value.map((item) => withoutEmpty(item) ?? item) : undefined;
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, verbatim.has(key) ? member : withoutEmpty(member)] as const)
      .filter(([, member]) => member !== undefined),
  );
}

/** Members that are Kubernetes objects themselves: shown as they are. */
const verbatim = new Set(['steps', 'specAndStatus', 'labels', 'annotations']);
