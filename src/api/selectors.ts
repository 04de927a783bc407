import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';

type Labels = Record<string, string> | undefined;

/** Whether labels satisfy a selector. An absent selector matches nothing, an empty one everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labels?.[key] !== value) return false;
  }
  return (selector.matchExpressions ?? []).every((each) => meetsRequirement(each, labels?.[each.key]));
}

/** Whether a value, or its absence, is what an operator asks for; an operator other than these four holds of nothing. */
export function meetsRequirement(
  { operator, values = [] }: { operator: string; values?: string[] },
  value: string | undefined,
): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/** Whether labels contain every pair of a plain map, as a Service's selector asks. An empty map matches nothing. */
export function matchesLabels(wanted: Labels, labels: Labels): boolean {
  const pairs = Object.entries(wanted ?? {});
  return pairs.length > 0 && pairs.every(([key, value]) => labels?.[key] === value);
}

/** The selector as a query string, e.g. `app=x,tier in (a,b)`; sorted by key as Kubernetes does. */
export function formatSelector(selector: LabelSelector | undefined): string {
  const terms = [
    ...Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...(selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
      const set = `(${[...values].sort().join(',')})`;
      if (operator === 'In') return { key, text: `${key} in ${set}` };
      if (operator === 'NotIn') return { key, text: `${key} notin ${set}` };
      return { key, text: operator === 'Exists' ? key : `!${key}` };
    }),
  ];
  return terms
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map((term) => term.text)
    .join(',');
}
