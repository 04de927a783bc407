import type { Readable } from 'node:stream';
import type { TerminalSize } from '../runtime/runtime.ts';

/** Longest text of one size. */
const MOST_BYTES = 1024;
const LARGEST = 65_535;

/** Reads the sizes of a client's terminal: JSON objects, one after another, with or without space between them. */
export function readSizes(stream: Readable, listener: (size: TerminalSize) => void): void {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const size = parseSize(text.slice(0, end + 1));
      if (size) listener(size);
      text = text.slice(end + 1);
    }
    if (text.length > MOST_BYTES) text = '';
  });
}

function parseSize(text: string): TerminalSize | undefined {
  try {
    const { Width: columns, Height: rows } = JSON.parse(text);
    if (isLength(columns) && isLength(rows)) return { columns, rows };
  } catch {
    // What is no size changes nothing.
  }
  return undefined;
}

const isLength = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) <= LARGEST;
