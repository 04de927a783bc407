import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import type { TerminalSize } from '../runtime.ts';

/** Node.js opens no pseudo terminals; this program of util-linux does. */
const SCRIPT = '/usr/bin/script';

/** What the output of a program begins with that has to do without the terminal it should have. */
export const NO_TERMINAL = `Unable to use a TTY - ${SCRIPT} of util-linux is not there\r\n`;

/** Whether programs can be run in a terminal here; the script of other systems does not run a command as it is. */
export function hasTerminals(): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(false);
  return access(SCRIPT).then(
    () => true,
    () => false,
  );
}

/**
 * A command line that runs a program in a terminal of its own. Before the program starts, the terminal's name goes
 * where the shell's redirection `announce` points. What is typed is shown: `script` turns that off when its own input
 * is no terminal. `shell` is the variable SHELL that the program sees; `script` reads it too.
 */
export function inTerminal(argv: readonly string[], announce: string, shell: string | undefined): string[] {
  const restored = shell === undefined ? 'unset SHELL' : `SHELL=${quoted(shell)}`;
  const inner = `stty echo; tty ${announce}; ${restored}; exec ${argv.map(quoted).join(' ')}`;
  return ['/usr/bin/env', 'SHELL=/bin/sh', SCRIPT, '-qefc', inner, '/dev/null'];
}

/** A word of a shell's command line. */
export const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The kernel tells the programs in the terminal by SIGWINCH. A terminal that has gone is no fault. */
export function resizeTerminal(device: string, { columns, rows }: TerminalSize): void {
  execFile('stty', ['-F', device, 'cols', String(columns), 'rows', String(rows)], () => {});
}
