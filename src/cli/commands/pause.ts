import { Command } from 'commander';
import type { Run } from '../context.ts';
import { type Context, printLine } from '../context.ts';
import { withExamples } from '../help.ts';
import { patchRollout } from './rollout-patch.ts';

export function pauseCommand(run: Run): Command {
  return withExamples(
    new Command('pause')
      .description('Hold one or more rollouts where they are, until they are promoted.')
      .argument('ROLLOUT_NAME...', 'names of rollouts')
      .action((names: string[]) => run((context) => pause(names, context))),
    { what: 'Pause a rollout', line: '{cmd} pause guestbook' },
  );
}

/** CLI-014. */
export async function pause(names: readonly string[], context: Context): Promise<void> {
  for (const name of names) {
    await patchRollout(name, { spec: { paused: true } }, context);
    printLine(context.stdout, `rollout '${name}' paused`);
  }
}
