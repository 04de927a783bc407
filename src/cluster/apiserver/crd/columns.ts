import { type Instant, type KubeObject, parseTime } from '../../../api/index.ts';
import { age, humanDuration } from '../kinds/columns.ts';
import type { Column } from '../kinds/kind.ts';
import type { PrinterColumn } from './definition.ts';
import { parsePath, valuesAt } from './json-path.ts';

/** The columns of a custom resource: those of its CRD, or its age. */
export function columnsOf(columns: readonly PrinterColumn[] | undefined): Column[] {
  // The column that Kubernetes adds itself is of type date, where that of built-in kinds is text.
  if (!columns?.length) return [{ ...age, type: 'date' }];
  return columns.map((column) => {
    const steps = parsePath(column.jsonPath);
    return {
      name: column.name,
      type: column.type as Column['type'],
      ...(column.format && { format: column.format }),
      description:
        column.description || `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
      priority: column.priority ?? 0,
      cell: (object: KubeObject, now: Instant) => cellOf(valuesAt(object, steps), column.type, now),
    };
  });
}

function cellOf(values: unknown[], type: string, now: Instant): ReturnType<Column['cell']> {
  const [value] = values;
  if (value === undefined || value === null) return null;
  if (type === 'date') {
    const instant = typeof value === 'string' ? parseTime(value) : undefined;
    return instant === undefined ? '<invalid>' : humanDuration(now - instant);
  }
  if (type === 'integer' || type === 'number') return typeof value === 'number' ? value : null;
  if (type === 'boolean') return typeof value === 'boolean' ? value : null;
  if (values.length > 1) return values.map(textOf).join(',');
  return textOf(value);
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
