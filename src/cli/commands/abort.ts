import { Command } from 'commander';
import type { Run } from '../context.ts';
import { type Context, printLine, warn } from '../context.ts';
import { withExamples } from '../help.ts';
import { patchRolloutStatus } from './rollout-patch.ts';

export function abortCommand(run: Run): Command {
  return withExamples(
    new Command('abort')
      .description(
        'Stop the update of one or more rollouts and go back to the stable version.\n\nAn aborted rollout is Degraded until it is retried, or asked for the stable version again (see undo and set image).',
      )
      .argument('ROLLOUT_NAME...', 'names of rollouts')
      .action((names: string[]) => run((context) => abort(names, context))),
    { what: 'Abort a rollout', line: '{cmd} abort guestbook' },
  );
}

/** CLI-010, CLI-011. */
export async function abort(names: readonly string[], context: Context): Promise<void> {
  for (const name of names) {
    const { rollout } = await patchRolloutStatus(name, { status: { abort: true } }, context);
    printLine(context.stdout, `rollout '${name}' aborted`);
    const { currentPodHash, stableRS } = rollout.status ?? {};
    if (stableRS && currentPodHash === stableRS) {
      warn(context, `rollout '${name}' is fully promoted; there is no update to abort`);
    }
  }
}
