import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const BIN = join(import.meta.dirname, '../../bin/kanari.mjs');

const help = (...command: string[]) =>
  execFileSync(process.execPath, [BIN, ...command, '--help'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });

/** Names of the sub-commands that a help text lists. */
function children(text: string): string[] {
  const list = /Available Commands:\n((?: {2}.*\n)+)/.exec(text)?.[1] ?? '';
  return [...list.matchAll(/^ {2}(\S+)/gm)]
    .map((match) => match[1] as string)
    .filter((name) => name !== 'help');
}

/** A command's help with its children's; the flags that all share are told once, with the program. */
function section(command: readonly string[]): string[] {
  const text = help(...command);
  const title = ['kanari', ...command].join(' ');
  const own = command.length === 0 ? text : text.replace(/\nGlobal Flags:\n(?: {2}.*\n|\n(?= {6}))+/, '');
  const body = own.replace(/\nUse "[^\n]*\n/, '').trimEnd();
  return [
    `${'#'.repeat(Math.min(command.length + 2, 4))} ${title}\n\n\`\`\`\n${body}\n\`\`\`\n`,
    ...children(text).flatMap((child) => section([...command, child])),
  ];
}

/** docs/reference/cli.md: what every command says with `--help`. */
export function cliReference(): string {
  return `# Command line

Made from the commands by \`npm run generate\`. The same program answers to \`kanari\`, to \`kubectl kanari\` and, with
the commands of Argo Rollouts' plugin, to \`kubectl argo rollouts\`.

${section([]).join('\n')}`;
}
