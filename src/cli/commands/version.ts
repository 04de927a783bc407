import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Command } from 'commander';
import type { Run } from '../context.ts';
import { type Context, printLine } from '../context.ts';
import { withExamples } from '../help.ts';

export function versionCommand(run: Run): Command {
  return withExamples(
    new Command('version')
      .description('Show the version of this program. No cluster is asked.')
      .option('--short', 'the version only')
      .allowExcessArguments()
      .action((options: { short?: boolean }) => run((context) => version(options, context))),
    { what: 'Get the full version', line: '{cmd} version' },
    { what: 'Get the short version', line: '{cmd} version --short' },
  );
}

/** CLI-062. */
export async function version(options: { short?: boolean }, context: Context): Promise<void> {
  const build = await readBuild();
  printLine(context.stdout, `${context.invokedAs}: ${build.version}`);
  if (options.short) return;
  const details = {
    BuildDate: build.date,
    GitCommit: build.commit,
    GitTreeState: build.treeState,
    GoVersion: `none; Node.js ${process.version}`,
    Compiler: `v8 ${process.versions.v8}`,
    Platform: `${process.platform}/${architecture()}`,
  };
  for (const [key, value] of Object.entries(details)) printLine(context.stdout, `  ${key}: ${value}`);
}

interface Build {
  version: string;
  date: string;
  commit: string;
  treeState: string;
}

/** From the package and, in a checkout, from git: the tag of a clean release, else the version and the commit. */
async function readBuild(): Promise<Build> {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8')) as { version: string };
  const unknown = { version: `v${version}+unknown`, date: '1970-01-01T00:00:00Z', commit: '', treeState: '' };
  if (!existsSync(`${root}.git`)) return unknown;
  const git = async (...args: string[]) =>
    (await promisify(execFile)('git', ['-C', root, ...args])).stdout.trim();
  try {
    const [commit, seconds, changes, tag] = await Promise.all([
      git('rev-parse', 'HEAD'),
      git('log', '-1', '--format=%ct'),
      git('status', '--porcelain'),
      git('tag', '--points-at', 'HEAD', '--list', 'v*'),
    ]);
    const isClean = changes === '';
    const [release] = tag.split('\n');
    return {
      version: isClean && release ? release : `v${version}+${commit.slice(0, 7)}${isClean ? '' : '.dirty'}`,
      date: `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}Z`,
      commit,
      treeState: isClean ? 'clean' : 'dirty',
    };
  } catch {
    return unknown;
  }
}

/** As Go names it. */
function architecture(): string {
  return { x64: 'amd64', ia32: '386' }[process.arch as string] ?? process.arch;
}
