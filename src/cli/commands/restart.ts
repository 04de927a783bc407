import { Command } from 'commander';
import { DurationError, formatTime, parseDuration } from '../../api/index.ts';
import type { Run } from '../context.ts';
import { type Context, printLine } from '../context.ts';
import { CliError } from '../errors.ts';
import { withExamples } from '../help.ts';
import { patchRollout } from './rollout-patch.ts';

export function restartCommand(run: Run): Command {
  return withExamples(
    new Command('restart')
      .description('Replace all pods of a rollout that are older than now, or than a time to come.')
      .argument('ROLLOUT_NAME', 'name of the rollout')
      .option('-i, --in <duration>', 'time until the restart, such as 30s, 5m or 1h30m')
      .action((name: string, options: { in?: string }) => run((context) => restart(name, options, context))),
    { what: 'Restart the pods of a rollout now', line: '{cmd} restart ROLLOUT_NAME' },
    { what: 'Restart the pods of a rollout in ten seconds', line: '{cmd} restart ROLLOUT_NAME --in 10s' },
  );
}

/** CLI-015, CLI-016. */
export async function restart(name: string, options: { in?: string }, context: Context): Promise<void> {
  const wait = options.in ?? '0s';
  const restartAt = formatTime(context.clock() + milliseconds(wait));
  await patchRollout(name, { spec: { restartAt } }, context);
  printLine(context.stdout, `rollout '${name}' restarts in ${wait}`);
}

function milliseconds(duration: string): number {
  try {
    return parseDuration(duration);
  } catch (error) {
    if (error instanceof DurationError) throw new CliError(`invalid duration ${JSON.stringify(duration)}`);
    throw error;
  }
}
