import { Command, Option } from 'commander';
import { Rollouts } from '../../api/index.ts';
import type { Run } from '../context.ts';
import { type Context, type ExitCode, printLine } from '../context.ts';
import { CliError } from '../errors.ts';
import { durationOption } from '../flags.ts';
import { withExamples } from '../help.ts';
import { type ShownPhase, shownPhase } from '../info/index.ts';
import { followPhase } from '../objects/follow.ts';
import { notFound, readOne, readWorkload } from '../objects/read.ts';
import { redraw } from '../view/redraw.ts';

export interface StatusOptions {
  watch: boolean;
  /** Milliseconds; 0: no limit. */
  timeout: number;
  exitOnPause?: boolean;
}

export function statusCommand(run: Run): Command {
  return withExamples(
    new Command('status')
      .description(
        'Print the status of a rollout whenever it changes, until it is Healthy (exit code 0) or Degraded (exit code 1).\n\nA rollout that is still Progressing or Paused when the time is up makes the exit code 1, too.',
      )
      .argument('ROLLOUT_NAME', 'name of the rollout')
      .addOption(new Option('-w, --watch', 'watch the status until it is done').default(true))
      .addOption(new Option('--no-watch').hideHelp())
      .addOption(
        durationOption('-t, --timeout <duration>', 'time to watch, such as 90s or 5m; 0: no limit', 0),
      )
      .option('--exit-on-pause', 'end the watch with exit code 0 when the rollout is Paused')
      .action((name: string, options: StatusOptions) => run((context) => status(name, options, context))),
    { what: 'Watch the rollout until it succeeds', line: '{cmd} status guestbook' },
    { what: 'Show the rollout status', line: '{cmd} status guestbook --watch=false' },
    {
      what: 'Watch the rollout until it succeeds, fail if it takes more than 60 seconds',
      line: '{cmd} status guestbook --timeout 60s',
    },
  );
}

/** CLI-059 to CLI-061. */
export async function status(name: string, options: StatusOptions, context: Context): Promise<ExitCode> {
  const { client, namespace } = await context.cluster();
  const rollout = await readOne(client, Rollouts, namespace, name);
  if (options.watch) return await watchStatus(name, options, context);
  const shown = shownPhase(rollout, await readWorkload(client, rollout));
  printLine(context.stdout, isFinal(shown) ? shown.phase : `${shown.phase} - ${shown.message}`);
  failIfDegraded(shown);
}

async function watchStatus(name: string, options: StatusOptions, context: Context): Promise<ExitCode> {
  const signal = context.interrupted();
  const { client, namespace } = await context.cluster();
  const followed = await followPhase(client, namespace, name);
  let shown: ShownPhase | undefined;
  let text: string | undefined;
  try {
    const end = await redraw({
      subscribe: followed.subscribe,
      draw: () => {
        const objects = followed.current();
        shown = objects && shownPhase(objects.rollout, objects.workload);
        if (!shown) return false;
        const now = shown.message ? `${shown.phase} - ${shown.message}` : shown.phase;
        if (now !== text) printLine(context.stdout, now);
        text = now;
        return !isFinal(shown) && !(options.exitOnPause && shown.phase === 'Paused');
      },
      signal,
      timeoutMs: options.timeout,
      minGapMs: 0,
    });
    if (!shown) throw notFound(Rollouts, name);
    failIfDegraded(shown);
    if (end === 'interrupted') return INTERRUPTED;
    if (end === 'timeout') throw new CliError('Rollout status watch exceeded timeout');
  } finally {
    await followed.stop();
  }
}

/** Exit code of a program that SIGINT has ended. */
const INTERRUPTED = 130;

function isFinal({ phase }: ShownPhase): boolean {
  return phase === 'Healthy' || phase === 'Degraded';
}

function failIfDegraded({ phase, message }: ShownPhase): void {
  if (phase === 'Degraded') {
    throw new CliError(`The rollout is in a degraded state with message: ${message}`);
  }
}
