/** Something in a spec that cannot be carried out: where, what is there, and what is wrong with it. */
export interface FieldError {
  /** As `spec.strategy.steps[0].setWeight`. */
  path: string;
  kind: 'Invalid' | 'Required' | 'Internal' | 'Unsupported';
  /** What is there; for Invalid and Unsupported. */
  value?: unknown;
  detail: string;
}

export const invalid = (path: string, value: unknown, detail: string): FieldError => ({
  path,
  kind: 'Invalid',
  value,
  detail,
});
export const required = (path: string, detail: string): FieldError => ({ path, kind: 'Required', detail });
export const internal = (path: string, detail: string): FieldError => ({ path, kind: 'Internal', detail });
export const unsupported = (path: string, value: unknown, detail: string): FieldError => ({
  path,
  kind: 'Unsupported',
  value,
  detail,
});

/** As Kubernetes writes it: `<path>: Invalid value: "x": <detail>`. */
export function formatFieldError({ path, kind, value, detail }: FieldError): string {
  if (kind === 'Required') return `${path}: Required value: ${detail}`;
  if (kind === 'Internal') return `${path}: Internal error: ${detail}`;
  return `${path}: ${kind} value: ${JSON.stringify(value) ?? 'null'}: ${detail}`;
}
