import { Command } from 'commander';
import { Experiments, type Rollout } from '../../api/index.ts';
import type { Run } from '../context.ts';
import { type Context, printLine, warn } from '../context.ts';
import { withExamples } from '../help.ts';
import { patchRolloutStatus } from './rollout-patch.ts';

export function retryCommand(run: Run): Command {
  const rollout = withExamples(
    new Command('rollout')
      .aliases(['ro', 'rollouts'])
      .summary('Retry an aborted rollout')
      .description('Start the update of aborted rollouts again, from the first step.')
      .argument('ROLLOUT_NAME...', 'names of rollouts')
      .action((names: string[]) => run((context) => retryRollout(names, context))),
    { what: 'Retry an aborted rollout', line: '{cmd} retry rollout guestbook' },
  );
  const experiment = withExamples(
    new Command('experiment')
      .aliases(['exp', 'experiments'])
      .summary('Retry an experiment')
      .description('Run experiments again from the beginning. Their status is wiped.')
      .argument('EXPERIMENT_NAME...', 'names of experiments')
      .action((names: string[]) => run((context) => retryExperiment(names, context))),
    { what: 'Retry an experiment', line: '{cmd} retry experiment my-experiment' },
  );
  return new Command('retry')
    .description('Retry a rollout that was aborted, or an experiment.')
    .addCommand(rollout)
    .addCommand(experiment);
}

/** CLI-012. */
export async function retryRollout(names: readonly string[], context: Context): Promise<void> {
  for (const name of names) {
    const { rollout } = await patchRolloutStatus(name, { status: { abort: false } }, context);
    printLine(context.stdout, `rollout '${name}' retried`);
    if (!wasAborted(rollout)) warn(context, `rollout '${name}' was not aborted; there is nothing to retry`);
  }
}

/** CLI-013: Experiments have no status sub-resource, so this wipes the status. */
export async function retryExperiment(names: readonly string[], context: Context): Promise<void> {
  const { client, namespace } = await context.cluster();
  for (const name of names) {
    await client.patch({ type: Experiments, namespace, name }, 'merge', { status: null });
    printLine(context.stdout, `experiment '${name}' retried`);
  }
}

/** Whether the controller still shows the abort that the patch has just taken back. */
function wasAborted({ status }: Rollout): boolean {
  return (
    status?.abortedAt !== undefined ||
    (status?.conditions ?? []).some((condition) => condition.reason === 'RolloutAborted')
  );
}
