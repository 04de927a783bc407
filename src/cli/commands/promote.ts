import { Command, Option } from 'commander';
import { type Rollout, Rollouts } from '../../api/index.ts';
import { isConflict, isNotFound } from '../../kube/index.ts';
import type { Run } from '../context.ts';
import { type Context, printLine, warn } from '../context.ts';
import { CliError } from '../errors.ts';
import { withExamples } from '../help.ts';
import { type PromoteOptions, promotePatches } from './promote-patches.ts';

export function promoteCommand(run: Run): Command {
  return withExamples(
    new Command('promote')
      .description(
        'Promote a rollout: end the pause that it is in, or skip the current step.\n\nWith --full all remaining steps, pauses and analyses are skipped.',
      )
      .argument('ROLLOUT_NAME', 'name of the rollout')
      .option('--full', 'skip all remaining steps, pauses and analyses')
      .addOption(new Option('--skip-current-step').hideHelp())
      .addOption(new Option('--skip-all-steps').hideHelp())
      .addOption(new Option('-c').hideHelp())
      .addOption(new Option('-a').hideHelp())
      .action((name: string, flags: Record<string, boolean>) =>
        run((context) => promote(name, withoutDeprecated(flags, context), context)),
      ),
    { what: 'Promote a paused rollout', line: '{cmd} promote guestbook' },
    {
      what: 'Fully promote a rollout to the desired version, skipping everything',
      line: '{cmd} promote guestbook --full',
    },
  );
}

/** How often a promotion is decided again because the rollout has moved on between reading and writing (CLI-028). */
const ATTEMPTS = 5;
/** How long `--full` waits for the controller to see the newest spec. */
const OBSERVE_TIMEOUT_MS = 10_000;

/** CLI-018 to CLI-028. */
export async function promote(name: string, options: PromoteOptions, context: Context): Promise<void> {
  if (options.skipCurrentStep && options.skipAllSteps) {
    throw new CliError('Cannot use skip-current-step and skip-all-steps flags at the same time');
  }
  const { client, namespace } = await context.cluster();
  const ref = { type: Rollouts, namespace, name };
  for (let attempt = 1; ; attempt++) {
    const read = await client.get(ref);
    const rollout = options.full ? await observed(read, context) : read;
    const { status, spec, unified } = promotePatches(rollout, options);
    const precondition = { metadata: { resourceVersion: rollout.metadata.resourceVersion } };
    try {
      let rest: object | undefined = spec;
      if (status) {
        const body = { ...precondition, ...status };
        rest = await client.patch(ref, 'merge', body, { subresource: 'status' }).then(
          () => spec,
          (error: unknown) => {
            if (isNotFound(error)) return { ...precondition, ...unified };
            throw error;
          },
        );
      }
      if (rest) await client.patch(ref, 'merge', rest);
    } catch (error) {
      if (isConflict(error) && attempt < ATTEMPTS) continue;
      throw error;
    }
    printLine(context.stdout, `rollout '${name}' ${options.full ? 'fully promoted' : 'promoted'}`);
    warnIfWithoutEffect(rollout, options, context);
    return;
  }
}

/** The rollout once the controller has seen its newest spec; as it is after ten seconds. */
async function observed(rollout: Rollout, context: Context): Promise<Rollout> {
  if (isObserved(rollout)) return rollout;
  const { client } = await context.cluster();
  const { name = '', namespace, resourceVersion } = rollout.metadata;
  const watching = { namespace, fieldSelector: `metadata.name=${name}`, resourceVersion };
  const signal = AbortSignal.timeout(OBSERVE_TIMEOUT_MS);
  let latest = rollout;
  try {
    for await (const event of client.watch(Rollouts, { ...watching, signal })) {
      if (event.type === 'BOOKMARK' || event.type === 'DELETED') continue;
      latest = event.object;
      if (isObserved(latest)) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return latest;
}

function isObserved({ metadata, status }: Rollout): boolean {
  return status?.observedGeneration === String(metadata.generation ?? '');
}

function warnIfWithoutEffect(rollout: Rollout, options: PromoteOptions, context: Context): void {
  const { metadata, status = {} } = rollout;
  if (options.full && !isObserved(rollout)) {
    warn(
      context,
      `the controller has not yet seen the newest spec of rollout '${metadata.name}'; is it running?`,
    );
  } else if (status.currentPodHash !== undefined && status.currentPodHash === status.stableRS) {
    warn(context, `rollout '${metadata.name}' already runs the desired version; there is nothing to promote`);
  } else if (status.abort) {
    warn(context, `rollout '${metadata.name}' is aborted; use retry to start its update again`);
  }
}

const deprecations = [
  {
    flag: 'skipCurrentStep',
    shown: 'Flag --skip-current-step',
    means: 'skipCurrentStep',
    instead: 'use without the flag instead ex: promote ROLLOUT_NAME',
  },
  {
    flag: 'skipAllSteps',
    shown: 'Flag --skip-all-steps',
    means: 'skipAllSteps',
    instead: 'use --full instead',
  },
  {
    flag: 'c',
    shown: 'Flag shorthand -c',
    means: 'skipCurrentStep',
    instead: 'use without the flag instead ex: promote ROLLOUT_NAME',
  },
  { flag: 'a', shown: 'Flag shorthand -a', means: 'skipAllSteps', instead: 'use --full instead' },
] as const;

/** What the flags ask for; tells of those that should no longer be used (CLI-027). */
function withoutDeprecated(flags: Record<string, boolean>, context: Context): PromoteOptions {
  const options: PromoteOptions = { full: flags.full === true };
  for (const { flag, shown, means, instead } of deprecations) {
    if (!flags[flag]) continue;
    printLine(context.stderr, `${shown} has been deprecated, ${instead}`);
    options[means] = true;
  }
  return options;
}
