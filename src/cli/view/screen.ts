import type { Output } from '../context.ts';
import { visibleWidth } from './table.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const CLEAR = '\u001b[H\u001b[2J\u001b[0;0H';

/** Shows frames one after another and leaves the last one behind. */
export interface Screen {
  /** @param content what the frame says but for the passing of time; where nothing can be redrawn, only its changes are shown */
  show(lines: readonly string[], content: string): void;
  /** Prints what is to stay. */
  leave(lines: readonly string[], content: string): void;
}

/**
 * On a terminal: its alternate screen, on which a frame that does not fit is cut at the bottom. Elsewhere: each frame
 * with another content than the one before, with an empty line between two, and no escape codes.
 */
export function openScreen(output: Output): Screen {
  return output.isTTY ? terminalScreen(output) : plainScreen(output);
}

function terminalScreen(output: Output): Screen {
  output.write(ENTER);
  return {
    show: (lines) => output.write(`${CLEAR}${cut(lines, output).join('\n')}\n`),
    leave: (lines) => output.write(`${LEAVE}${text(lines)}`),
  };
}

function plainScreen(output: Output): Screen {
  let shown: string | undefined;
  const show = (lines: readonly string[], content: string) => {
    if (content === shown) return;
    output.write(shown === undefined ? text(lines) : `\n${text(lines)}`);
    shown = content;
  };
  return { show, leave: show };
}

const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

/** As many lines as the terminal has room for; the last one tells how many are missing. */
function cut(lines: readonly string[], { rows, columns }: Output): readonly string[] {
  if (!rows) return lines;
  const heights = lines.map((line) => (columns ? Math.max(1, Math.ceil(visibleWidth(line) / columns)) : 1));
  // The cursor stands on the row below the frame.
  const room = rows - 1;
  if (total(heights) <= room) return lines;
  let count = 0;
  for (let used = 0; count < lines.length && used + (heights[count] ?? 1) < room; count++) {
    used += heights[count] ?? 1;
  }
  return [
    ...lines.slice(0, count),
    `… ${lines.length - count} more lines; all are printed when you leave (Ctrl-C)`,
  ];
}

const total = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);
