/** One line of the table. */
interface Row {
  what: string;
  measured: string;
  /** What it is to be compared with, taken in the same run. */
  against?: string;
}

/** Collects what is measured; tells each figure at once, and all of them at the end. */
export class Rows {
  readonly #rows: Row[] = [];

  add(what: string, measured: string, against?: string): void {
    this.#rows.push({ what, measured, ...(against && { against }) });
    console.error(`  ${what}: ${measured}${against ? ` (${against})` : ''}`);
  }

  /** The table, as it is kept in docs/performance.md. */
  toString(): string {
    const lines = this.#rows.map(
      ({ what, measured, against = '' }) => `| ${what} | ${measured} | ${against} |`,
    );
    return ['| what | measured | beside |', '|---|---|---|', ...lines].join('\n');
  }
}

export const whole = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 0 });
export const ms = (value: number) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
export const micros = (milliseconds: number) => `${(milliseconds * 1000).toFixed(0)} µs`;
export const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;
export const MiB = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** The value below which this share (0 … 1) of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
