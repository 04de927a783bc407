import { Command } from 'commander';
import type { Run } from '../context.ts';
import { type Context, type ExitCode, printLine, warn } from '../context.ts';
import { UsageError } from '../errors.ts';
import { listOption } from '../flags.ts';
import { withExamples } from '../help.ts';
import { findManifestFiles } from '../lint/files.ts';
import { lintDocuments } from '../lint/lint.ts';
import { readManifests } from '../manifests/read.ts';

export function lintCommand(run: Run): Command {
  return withExamples(
    new Command('lint')
      .description(
        'Check Rollouts, AnalysisTemplates, AnalysisRuns and Experiments in files, without a cluster.\n\nServices, Ingresses and templates that a Rollout refers to are checked with it when they are among the files.',
      )
      .addOption(
        listOption(
          '-f, --filename <file>',
          'file or directory, or - for standard input; may be given several times',
        ),
      )
      .action((options: LintOptions) => run((context) => lint(options, context))),
    { what: 'Lint a rollout', line: '{cmd} lint -f my-rollout.yaml' },
    { what: 'Lint what a chart renders', line: 'helm template my-chart | {cmd} lint -f -' },
  );
}

export interface LintOptions {
  filename?: string[];
}

/** CLI-048 to CLI-052. */
export async function lint(options: LintOptions, context: Context): Promise<ExitCode> {
  const names = options.filename ?? [];
  if (names.length === 0) throw new UsageError('required flag(s) "filename" not set');
  const files = (await Promise.all(names.map(findManifestFiles))).flat();
  const documents = (await Promise.all(files.map((file) => readManifests(file, context)))).flat();
  const { problems, warnings } = lintDocuments(documents);
  for (const warning of warnings) warn(context, warning);
  const [first] = problems;
  if (!first) return 0;
  const several = new Set(problems.map(({ subject }) => subject)).size > 1 || documents.length > 1;
  for (const { subject, text } of problems) {
    printLine(context.stdout, several ? `${subject}: ${text}` : text);
  }
  printLine(context.stderr, `Error: ${first.text}`);
  return 1;
}
