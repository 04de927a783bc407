import { Command } from 'commander';
import type { Run } from '../context.ts';
import { withExamples } from '../help.ts';
import { experimentTable } from './list-experiments.ts';
import { type ListOptions, list } from './list-objects.ts';
import { rolloutTable } from './list-rollouts.ts';

export function listCommand(run: Run): Command {
  const rollouts = withExamples(
    withListFlags(
      new Command('rollouts')
        .aliases(['ro', 'rollout'])
        .summary('List rollouts')
        .description('List the rollouts of a namespace, or of all namespaces.'),
    ).action((options: ListOptions) => run((context) => list(rolloutTable, options, context))),
    { what: 'List rollouts', line: '{cmd} list rollouts' },
    { what: 'List rollouts from all namespaces', line: '{cmd} list rollouts --all-namespaces' },
    {
      what: 'List rollouts and print a line for each change',
      line: '{cmd} list rollouts --timestamps --watch',
    },
  );
  const experiments = withExamples(
    withListFlags(
      new Command('experiments')
        .aliases(['exp', 'experiment'])
        .summary('List experiments')
        .description('List the experiments of a namespace, or of all namespaces.'),
    ).action((options: ListOptions) => run((context) => list(experimentTable, options, context))),
    { what: 'List experiments', line: '{cmd} list experiments' },
    { what: 'List experiments from all namespaces', line: '{cmd} list experiments --all-namespaces' },
  );
  return new Command('list')
    .description('List rollouts or experiments.')
    .addCommand(rollouts)
    .addCommand(experiments);
}

function withListFlags(command: Command): Command {
  return command
    .option('--name <name>', 'list the one with this name only')
    .option('-A, --all-namespaces', 'list those of all namespaces')
    .option('-w, --watch', 'print a line for each change, until Ctrl-C')
    .option('--timestamps', 'print the time with each line')
    .allowExcessArguments();
}
