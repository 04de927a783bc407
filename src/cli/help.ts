import type { Command, Help, Option } from 'commander';

/** Help and usage texts, laid out as kubectl and its plugins do. */

/** One thing that a person can type, and what for. `{cmd}` stands for how the program was called, `{exe}` for its file. */
export interface Example {
  what: string;
  line: string;
}

const examplesOf = new WeakMap<Command, readonly Example[]>();

/** Gives a command its examples. */
export function withExamples(command: Command, ...examples: Example[]): Command {
  examplesOf.set(command, examples);
  return command;
}

/** How the command is shown in examples: as a plugin when it was called as one. */
function displayName(invokedAs: string): string {
  if (invokedAs === 'kubectl-argo-rollouts') return 'kubectl argo rollouts';
  return invokedAs === 'kubectl-kanari' ? 'kubectl kanari' : invokedAs;
}

/** The whole help text: what the command does, then its usage. */
export function formatHelp(command: Command, helper: Help): string {
  const about = helper.commandDescription(command) || command.summary();
  return `${about ? `${about}\n\n` : ''}${formatUsage(command, helper)}`;
}

/** Usage, aliases, examples, sub-commands and flags. */
export function formatUsage(command: Command, helper: Help): string {
  const path = commandPath(command);
  const root = path[0]?.name() ?? '';
  const name = path.map((each) => each.name()).join(' ');
  const children = helper.visibleCommands(command);
  const own = helper.visibleOptions(command);
  const inherited = path.slice(0, -1).flatMap((each) => helper.visibleOptions(each).filter(notHelp));
  const examples = examplesOf.get(command) ?? [];

  const sections = [
    `Usage:\n${[
      ...(children.length === 0 || takesArguments(command)
        ? [`  ${[name, ...command.registeredArguments.map(placeholder), '[flags]'].join(' ')}`]
        : []),
      ...(children.length > 0 ? [`  ${name} [command]`] : []),
    ].join('\n')}`,
    command.aliases().length > 0 && `Aliases:\n  ${[command.name(), ...command.aliases()].join(', ')}`,
    examples.length > 0 &&
      `Examples:\n${examples
        .map(
          ({ what, line }) =>
            `  # ${what}\n  ${line.replaceAll('{cmd}', displayName(root)).replaceAll('{exe}', root)}`,
        )
        .join('\n\n')}`,
    children.length > 0 &&
      `Available Commands:\n${columns(children.map((each) => [each.name(), each.summary() || each.description()]))}`,
    own.length > 0 && `Flags:\n${columns(own.map(flagRow))}`,
    inherited.length > 0 && `Global Flags:\n${columns(inherited.map(flagRow))}`,
    children.length > 0 && `Use "${name} [command] --help" for more information about a command.`,
  ];
  return `${sections.filter(Boolean).join('\n\n')}\n`;
}

/** The command's name with its parents', as typed: `kanari get rollout`. */
export function fullName(command: Command): string {
  return commandPath(command)
    .map((each) => each.name())
    .join(' ');
}

function commandPath(command: Command): Command[] {
  return command.parent ? [...commandPath(command.parent), command] : [command];
}

/** A group only has children; a command with flags of its own beside the help does something itself. */
function takesArguments(command: Command): boolean {
  return command.parent !== null && command.options.length > 0;
}

function placeholder(argument: { name(): string; required: boolean; variadic: boolean }): string {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return argument.required ? name : `[${name}]`;
}

const notHelp = (option: Option) => option.long !== '--help';

function flagRow(option: Option): [string, string] {
  const long = option.short ? option.flags : `    ${option.flags}`;
  const { defaultValue, defaultValueDescription } = option;
  const isPlain = !defaultValue || defaultValueDescription === '0';
  const fallback = isPlain ? '' : ` (default ${defaultValueDescription ?? JSON.stringify(defaultValue)})`;
  return [long, option.description + fallback];
}

function columns(rows: [string, string][]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 3;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`.trimEnd()).join('\n');
}
