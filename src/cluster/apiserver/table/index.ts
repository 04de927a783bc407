import type { Instant, KubeObject } from '../../../api/index.ts';
import type { Kind } from '../kinds/kind.ts';
import { conditionsOf } from './conditions.ts';
import type { ColumnDefinition, Table } from './table.ts';

export type { Table } from './table.ts';

/** Objects as `meta.k8s.io/v1` Tables: what `kubectl get` prints. Pure. */

export interface TableOptions {
  /** For ages. */
  now: Instant;
  /** How much of each object goes with its row. */
  includeObject: 'None' | 'Metadata' | 'Object';
  /** False for all but the first event of a watch. */
  withColumns: boolean;
}

const nameColumn: ColumnDefinition = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique among those of its kind in a namespace.',
  priority: 0,
};

export function toTable(kind: Kind, objects: readonly KubeObject[], options: TableOptions): Table {
  const { columns } = kind;
  // A kind whose columns have the name among them already places it itself.
  const placesName = columns.some(({ name }) => name === nameColumn.name);
  const definitions = columns.map(({ name, type, format = '', description, priority }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {},
    columnDefinitions: options.withColumns ? (placesName ? definitions : [nameColumn, ...definitions]) : null,
    rows: objects.map((object) => {
      const cells = columns.map((column) => column.cell(object, options.now));
      const conditions = conditionsOf(kind, object);
      return {
        cells: placesName ? cells : [object.metadata?.name ?? '', ...cells],
        ...(conditions.length > 0 && { conditions }),
        object: included(kind, object, options.includeObject),
      };
    }),
  };
}

function included(kind: Kind, object: KubeObject, how: TableOptions['includeObject']): unknown {
  if (how === 'None') return null;
  if (how === 'Object') {
    const apiVersion = kind.group ? `${kind.group}/${kind.version}` : kind.version;
    return { kind: kind.kind, apiVersion, ...object };
  }
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
