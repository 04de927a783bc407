import { Command, CommanderError, type Option } from 'commander';
import type { Context, Run } from './context.ts';
import { CliError, messageOf, UsageError } from './errors.ts';
import { normalizeFlags } from './flags.ts';
import { globalOptions } from './globals.ts';
import { formatHelp, formatUsage, fullName } from './help.ts';

/** The command line as a whole: which commands there are, and what becomes of what they throw. */

interface Entry {
  summary: string;
  /** Only the command that was asked for is loaded, so that the program starts fast. */
  load(run: Run): Promise<Command>;
  hidden?: boolean;
  /** A command with flags of its own instead of the global ones. */
  standsAlone?: boolean;
}

const entries: Record<string, Entry> = {
  abort: {
    summary: 'Abort a rollout',
    load: async (run) => (await import('./commands/abort.ts')).abortCommand(run),
  },
  completion: {
    summary: 'Generate completion script',
    load: async (run) => (await import('./commands/completion.ts')).completionCommand(run),
  },
  controller: {
    summary: 'Run the controller against a cluster',
    standsAlone: true,
    load: async (run) => (await import('./controller.ts')).controllerCommand(run),
  },
  create: {
    summary:
      'Create a Rollout, Experiment, AnalysisTemplate, ClusterAnalysisTemplate, or AnalysisRun resource',
    load: async (run) => (await import('./commands/create.ts')).createCommand(run),
  },
  explain: {
    summary: 'Explain why a rollout is where it is, and what it does next',
    load: async (run) => (await import('./commands/explain.ts')).explainCommand(run),
  },
  get: {
    summary: 'Get details about rollouts and experiments',
    load: async (run) => (await import('./commands/get.ts')).getCommand(run),
  },
  lint: {
    summary: 'Lint and validate a Rollout',
    load: async (run) => (await import('./commands/lint.ts')).lintCommand(run),
  },
  list: {
    summary: 'List rollouts or experiments',
    load: async (run) => (await import('./commands/list.ts')).listCommand(run),
  },
  pause: {
    summary: 'Pause a rollout',
    load: async (run) => (await import('./commands/pause.ts')).pauseCommand(run),
  },
  promote: {
    summary: 'Promote a rollout',
    load: async (run) => (await import('./commands/promote.ts')).promoteCommand(run),
  },
  restart: {
    summary: 'Restart the pods of a rollout',
    load: async (run) => (await import('./commands/restart.ts')).restartCommand(run),
  },
  retry: {
    summary: 'Retry a rollout or experiment',
    load: async (run) => (await import('./commands/retry.ts')).retryCommand(run),
  },
  set: {
    summary: 'Update various values on resources',
    load: async (run) => (await import('./commands/set-image.ts')).setCommand(run),
  },
  status: {
    summary: 'Show the status of a rollout',
    load: async (run) => (await import('./commands/status.ts')).statusCommand(run),
  },
  terminate: {
    summary: 'Terminate an AnalysisRun or Experiment',
    load: async (run) => (await import('./commands/terminate.ts')).terminateCommand(run),
  },
  undo: {
    summary: 'Undo a rollout',
    load: async (run) => (await import('./commands/undo.ts')).undoCommand(run),
  },
  up: {
    summary: 'Run a cluster with Kanari on this machine',
    standsAlone: true,
    load: async (run) => (await import('./up/index.ts')).upCommand(run),
  },
  version: {
    summary: 'Print version',
    load: async (run) => (await import('./commands/version.ts')).versionCommand(run),
  },
};

/** The program with the named command loaded; the others are there by name only. */
async function buildProgram(invokedAs: string, selected: string | undefined, run: Run): Promise<Command> {
  const program = new Command(invokedAs)
    .description(
      `Deploys new versions step by step, measures them, and promotes them or rolls them back.\nEvery command works on one namespace of one Kubernetes cluster.`,
    )
    .helpCommand('help [command]', 'Help about any command');
  const entry = selected === undefined ? undefined : entries[selected];
  if (!entry?.standsAlone) for (const option of globalOptions()) program.addOption(option);
  for (const [name, { summary, load, hidden }] of Object.entries(entries)) {
    const command = name === selected ? await load(run) : new Command(name).summary(summary);
    if (!command.summary()) command.summary(summary);
    program.addCommand(command, { hidden: hidden ?? false });
  }
  for (const command of tree(program)) {
    command.configureHelp({ formatHelp }).helpOption('-h, --help', `help for ${command.name()}`);
    if (command !== program) command.helpCommand(false);
  }
  return program;
}

/** The command that the arguments name: the first word that is neither a flag nor the value of a global one. */
export function selectedCommand(args: readonly string[]): { name: string; index: number } | undefined {
  const options = globalOptions();
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? '';
    if (word === '--') return undefined;
    if (word.startsWith('-')) {
      const option = options.find((each) => each.long === word || each.short === word);
      if (option?.required) index++;
    } else if (word !== 'help') {
      return { name: word, index };
    }
  }
  return undefined;
}

/** Runs one command line and returns its exit code; prints every failure, throws none. */
export async function runCommandLine(
  context: Context,
  args: readonly string[],
  bind?: Bind,
): Promise<number> {
  let exitCode = 0;
  const run: Run = async (action) => {
    exitCode = (await action(context)) ?? 0;
  };
  const selected = selectedCommand(args);
  let program: Command | undefined;
  /** The command that was reached when something failed. */
  let failed: Command | undefined;
  try {
    program = await buildProgram(context.invokedAs, selected?.name, run);
    for (const command of tree(program)) {
      command.exitOverride((error) => {
        failed = command;
        throw error;
      });
      command.configureOutput({
        writeOut: (text) => context.stdout.write(text),
        writeErr: (text) => context.stderr.write(text),
        outputError: () => {},
      });
      command.hook('preAction', (_, acting) => {
        failed = acting;
      });
    }
    bind?.(program);
    if (args[0] === '__complete' || args[0] === '__completeNoDesc') {
      const { complete } = await import('./completion/complete.ts');
      return await complete(args.slice(1), context, { selectedCommand, buildProgram }, bind);
    }
    if (args.length === 0) throw new UsageError('');
    if (selected && !entries[selected.name]) throw unknownCommand(selected.name, program);
    await program.parseAsync(normalizeFlags(reorder(args, selected), optionsOf(program)), { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, context, failed ?? program);
  }
}

/** Lets the caller read the program's global flags once they are parsed. */
export type Bind = (program: Command) => void;

function report(error: unknown, context: Context, command: Command | undefined): number {
  const failure = error instanceof CommanderError ? misuse(error, command) : error;
  if (failure === undefined) return 0;
  const message = messageOf(failure);
  if (message && !(failure instanceof UsageError && failure.message === '')) {
    context.stderr.write(`Error: ${message}\n`);
  }
  if (failure instanceof UsageError && command) {
    context.stderr.write(formatUsage(command, command.createHelp()));
  }
  return failure instanceof CliError ? failure.exitCode : 1;
}

/** What commander found wrong, in the words of kubectl's plugins; undefined: it was asked for help. */
function misuse(error: CommanderError, command: Command | undefined): CliError | undefined {
  const [, quoted = ''] = /'([^']*)'/.exec(error.message) ?? [];
  switch (error.code) {
    case 'commander.helpDisplayed':
    case 'commander.version':
      return undefined;
    case 'commander.help':
      // Commander has printed the usage of a group that was called without a child.
      return error.exitCode === 0 ? undefined : new CliError('');
    case 'commander.unknownOption':
      return new CliError(unknownFlag(quoted));
    case 'commander.optionMissingArgument':
      return new CliError(
        `flag needs an argument: ${quoted.split(/[ ,]/).find((word) => word.startsWith('--'))}`,
      );
    case 'commander.missingArgument':
    case 'commander.excessArguments':
      return new UsageError(countMismatch(command));
    case 'commander.unknownCommand':
      return new UsageError(
        `unknown command ${JSON.stringify(quoted)} for ${JSON.stringify(command ? fullName(command) : '')}`,
      );
    default:
      return new UsageError(error.message.replace(/^error: /, ''));
  }
}

function unknownFlag(flag: string): string {
  if (flag.startsWith('--')) return `unknown flag: ${flag.split('=')[0]}`;
  return `unknown shorthand flag: ${JSON.stringify(flag[1] ?? '').replaceAll('"', "'")} in ${flag}`;
}

function countMismatch(command: Command | undefined): string {
  const wanted = command?.registeredArguments ?? [];
  const given = command?.args.length ?? 0;
  if (wanted.some((argument) => argument.variadic)) {
    return `requires at least ${wanted.length} arg(s), only received ${given}`;
  }
  return `accepts ${wanted.length} arg(s), received ${given}`;
}

function unknownCommand(name: string, program: Command): CliError {
  return new CliError(
    `unknown command ${JSON.stringify(name)} for ${JSON.stringify(program.name())}\nRun '${program.name()} --help' for usage.`,
  );
}

/** A command that stands alone reads all flags itself, so its name must come first. */
function reorder(args: readonly string[], selected: { name: string; index: number } | undefined): string[] {
  if (!selected || !entries[selected.name]?.standsAlone) return [...args];
  return [selected.name, ...args.slice(0, selected.index), ...args.slice(selected.index + 1)];
}

function tree(command: Command): Command[] {
  return [command, ...command.commands.flatMap(tree)];
}

function optionsOf(program: Command): Option[] {
  return tree(program).flatMap((command) => [...command.options]);
}
