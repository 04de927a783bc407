import { stripVTControlCharacters } from 'node:util';

/** Blanks between two columns. */
const GAP = 2;

/** Characters that a text takes on the terminal; colour codes take none. */
export function visibleWidth(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** Width of each column: its longest cell, or its least width if that is more. */
export function columnWidths(rows: readonly string[][], least: readonly number[] = []): number[] {
  const columns = Math.max(least.length, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, column) =>
    Math.max(least[column] ?? 0, ...rows.map((row) => visibleWidth(row[column] ?? ''))),
  );
}

/** Rows as lines with aligned columns; nothing is padded at the end of a line. */
export function alignRows(
  rows: readonly string[][],
  widths: readonly number[] = columnWidths(rows),
): string[] {
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const last = column === row.length - 1;
        return last ? cell : cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - visibleWidth(cell)) + GAP);
      })
      .join('')
      .trimEnd(),
  );
}
