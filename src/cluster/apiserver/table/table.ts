/** A Table; the caller adds the list's metadata. */
export interface Table {
  kind: 'Table';
  apiVersion: 'meta.k8s.io/v1';
  metadata: Record<string, unknown>;
  columnDefinitions: ColumnDefinition[] | null;
  rows: Row[];
}

export interface ColumnDefinition {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

interface Row {
  cells: (string | number | boolean | null)[];
  conditions?: RowCondition[];
  object: unknown;
}

/** Says that an object has come to its end; kubectl then greys or hides the row. */
export interface RowCondition {
  type: string;
  status: string;
  reason: string;
  message: string;
}
