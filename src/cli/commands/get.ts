import { Command, Option } from 'commander';
import type { Run } from '../context.ts';
import { choiceOption, integerOption } from '../flags.ts';
import { withExamples } from '../help.ts';
import { type GetOptions, getExperiment, getRollout } from './get-watch.ts';

export function getCommand(run: Run): Command {
  const rollout = withExamples(
    withOutputFlags(
      new Command('rollout')
        .aliases(['ro', 'rollouts'])
        .summary('Get details about a rollout')
        .description(
          'Show a rollout as a tree of its revisions, ReplicaSets, pods, experiments and analyses.\n\n✔ Healthy   ◌ Progressing   ॥ Paused   ✖ Degraded   ⚠ Error   ◷ Pending   ? Unknown, Inconclusive   • ScaledDown\n⟳ Rollout   # Revision   ⧉ ReplicaSet   □ Pod   Σ Experiment   α AnalysisRun   ⊞ Job',
        )
        .argument('ROLLOUT_NAME', 'name of the rollout'),
    )
      .addOption(integerOption('--timeout-seconds <int>', 'end the watch after so many seconds', 0))
      .action((name: string, options: GetOptions) => run((context) => getRollout(name, options, context))),
    { what: 'Get a rollout', line: '{cmd} get rollout guestbook' },
    { what: 'Watch progress of a rollout', line: '{cmd} get rollout guestbook -w' },
    { what: 'Get what is shown, for a script', line: '{cmd} get rollout guestbook -o json' },
  );
  const experiment = withExamples(
    withOutputFlags(
      new Command('experiment')
        .aliases(['exp', 'experiments'])
        .summary('Get details about an experiment')
        .description('Show an experiment as a tree of its ReplicaSets, pods and analyses.')
        .argument('EXPERIMENT_NAME', 'name of the experiment'),
    ).action((name: string, options: GetOptions) => run((context) => getExperiment(name, options, context))),
    { what: 'Get an experiment', line: '{cmd} get experiment my-experiment' },
    { what: 'Watch progress of an experiment', line: '{cmd} get experiment my-experiment -w' },
  );
  return new Command('get')
    .description('Show a rollout or an experiment, and all that belongs to it.')
    .addCommand(rollout)
    .addCommand(experiment);
}

function withOutputFlags(command: Command): Command {
  return command
    .option('-w, --watch', 'watch it until Ctrl-C')
    .addOption(choiceOption('--color <when>', 'colours: auto, always or never', ['auto', 'always', 'never']))
    .addOption(new Option('--no-color', 'no colours'))
    .addOption(choiceOption('-o, --output <format>', 'json or yaml instead of the tree', ['json', 'yaml']));
}
