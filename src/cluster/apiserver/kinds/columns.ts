import type { Container } from 'kubernetes-types/core/v1.d.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import { formatSelector, type Instant, type KubeObject, parseTime } from '../../../api/index.ts';
import type { Column } from './kind.ts';

/** Cells as `kubectl get` shows them. */
export const none = '<none>';
export const unknown = '<unknown>';
export const unset = '<unset>';

type Cell = Column['cell'];

/** A column of text that is always shown. */
export function column<T extends KubeObject>(
  name: string,
  description: string,
  cell: (object: T, now: Instant) => ReturnType<Cell>,
  more: Partial<Pick<Column, 'type' | 'priority' | 'format'>> = {},
): Column {
  return { name, type: 'string', priority: 0, description, cell: cell as Cell, ...more };
}

/** A column that only `-o wide` shows. */
export const wide = <T extends KubeObject>(
  name: string,
  description: string,
  cell: (object: T, now: Instant) => ReturnType<Cell>,
) => column(name, description, cell, { priority: 1 });

export const age: Column = column('Age', 'Time since the object was created.', ({ metadata }, now) =>
  since(metadata?.creationTimestamp, now),
);

export const createdAt: Column = column(
  'Created At',
  'When the object was created.',
  ({ metadata }) => metadata?.creationTimestamp ?? null,
  { type: 'date' },
);

/** The time that has passed since then, e.g. `5m3s`; `<unknown>` when there is no time. */
export function since(time: string | undefined, now: Instant): string {
  const instant = parseTime(time);
  return instant === undefined ? unknown : humanDuration(now - instant);
}

/** Two significant units at most, as kubectl shows ages: `45s`, `5m3s`, `2h15m`, `3d4h`, `2y10d`. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 60 * 2) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 60 * 3) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 24 * 8) return pair(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  return hours < 24 * 365 * 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`;
}

const pair = (a: number, unit: string, b: number, smaller: string) =>
  b === 0 ? `${a}${unit}` : `${a}${unit}${b}${smaller}`;

interface WithPods extends KubeObject {
  spec?: { template?: { spec?: { containers?: Container[] } }; selector?: LabelSelector };
}

const containersOf = (object: WithPods) => object.spec?.template?.spec?.containers ?? [];

/** The three wide columns of everything that makes pods. */
export const podColumns: readonly Column[] = [
  wide<WithPods>('Containers', 'Names of the containers in the template.', (object) =>
    containersOf(object)
      .map(({ name }) => name)
      .join(','),
  ),
  wide<WithPods>('Images', 'Images of the containers in the template.', (object) =>
    containersOf(object)
      .map(({ image }) => image)
      .join(','),
  ),
  wide<WithPods>('Selector', 'Label selector of the pods.', (object) => selectorCell(object.spec?.selector)),
];

/** A selector, `<none>` when it selects everything. */
const selectorCell = (selector: LabelSelector | undefined) => formatSelector(selector) || none;

/** Labels as `a=1,b=2`; `<none>` without any. */
export function labelsCell(labels: Record<string, string> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.sort().join(',') || none;
}
