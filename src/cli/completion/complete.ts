import type { Command, Option } from 'commander';
import {
  AnalysisRuns,
  Experiments,
  type KubeObject,
  Namespaces,
  type ResourceType,
  Rollouts,
} from '../../api/index.ts';
import { type Context, printLine } from '../context.ts';
import { directives } from './directives.ts';

/** Answers `__complete WORD... LAST`: what LAST may become (CLI §1, CLI-063). */

/** What the program can tell about itself. */
export interface ProgramParts {
  selectedCommand(args: readonly string[]): { name: string } | undefined;
  buildProgram(invokedAs: string, selected: string | undefined, run: () => Promise<void>): Promise<Command>;
}

interface Answer {
  /** Each with its description behind a tab, if it has one. */
  candidates: string[];
  directive: number;
}

/** The resource whose names complete the first argument of a command. */
const nameSources: Record<string, ResourceType> = {
  abort: Rollouts,
  explain: Rollouts,
  'get rollout': Rollouts,
  'get experiment': Experiments,
  pause: Rollouts,
  promote: Rollouts,
  restart: Rollouts,
  'retry rollout': Rollouts,
  'retry experiment': Experiments,
  'set image': Rollouts,
  status: Rollouts,
  'terminate analysisrun': AnalysisRuns,
  'terminate experiment': Experiments,
  undo: Rollouts,
};

export async function complete(
  args: readonly string[],
  context: Context,
  { selectedCommand, buildProgram }: ProgramParts,
  bind?: (program: Command) => void,
): Promise<number> {
  const words = args.slice(0, -1);
  const program = await buildProgram(context.invokedAs, selectedCommand(words)?.name, async () => {});
  bind?.(program);
  const answer = await answerFor(program, words, args.at(-1) ?? '', context);
  for (const candidate of answer.candidates) printLine(context.stdout, candidate);
  printLine(context.stdout, `:${answer.directive}`);
  return 0;
}

async function answerFor(
  program: Command,
  words: readonly string[],
  last: string,
  context: Context,
): Promise<Answer> {
  const { command, path, positionals, pending } = walk(program, words);
  if (pending) return await valuesOf(pending, last, context);
  if (last.startsWith('-')) return flags([...new Set([...command.options, ...program.options])], last);
  if (positionals > 0) return { candidates: [], directive: directives.noFiles };
  if (command.commands.length > 0) return children(command, last);
  const source = nameSources[path.join(' ')];
  if (source) return await names(source, last, context);
  if (path[0] === 'completion') return matching(['bash', 'fish', 'powershell', 'zsh'], last);
  return { candidates: [], directive: directives.noFiles };
}

interface Place {
  command: Command;
  /** Names of the commands down to it, without the program's. */
  path: string[];
  /** How many arguments it has already been given. */
  positionals: number;
  /** The flag whose value comes next. */
  pending?: Option | undefined;
}

/** Follows the words into the tree of commands; what the global flags say is set on the program. */
function walk(program: Command, words: readonly string[]): Place {
  const place: Place = { command: program, path: [], positionals: 0 };
  for (const word of words) {
    if (place.pending) {
      if (program.options.includes(place.pending)) setFlag(program, place.pending, word);
      place.pending = undefined;
    } else if (word.startsWith('-')) {
      const [name, value] = word.split('=', 2);
      const option = [...place.command.options, ...program.options].find(
        (each) => each.long === name || each.short === name,
      );
      if (!option?.required) continue;
      if (value === undefined) place.pending = option;
      else if (program.options.includes(option)) setFlag(program, option, value);
    } else {
      const child = place.command.commands.find((each) => [each.name(), ...each.aliases()].includes(word));
      if (child) {
        place.command = child;
        place.path.push(child.name());
      } else {
        place.positionals++;
      }
    }
  }
  return place;
}

function setFlag(program: Command, option: Option, value: string): void {
  const parsed: unknown = option.parseArg
    ? option.parseArg(value, program.getOptionValue(option.attributeName()))
    : value;
  program.setOptionValue(option.attributeName(), parsed);
}

const choices: Record<string, string[]> = {
  '--output': ['json', 'yaml'],
  '--color': ['always', 'auto', 'never'],
};

async function valuesOf(option: Option, last: string, context: Context): Promise<Answer> {
  if (option.long === '--namespace') return await names(Namespaces, last, context);
  const known = choices[option.long ?? ''];
  return known ? matching(known, last) : { candidates: [], directive: directives.default };
}

function flags(options: readonly Option[], last: string): Answer {
  const candidates = options
    .filter((option) => !option.hidden && option.long?.startsWith(last))
    .map((option) => `${option.long}\t${option.description}`);
  return { candidates, directive: directives.noFiles };
}

function children(command: Command, last: string): Answer {
  const visible = command.createHelp().visibleCommands(command);
  const candidates = visible
    .filter((child) => child.name().startsWith(last))
    .map((child) => `${child.name()}\t${child.summary() || child.description()}`)
    .sort();
  return { candidates, directive: directives.noFiles };
}

function matching(words: readonly string[], last: string): Answer {
  return { candidates: words.filter((word) => word.startsWith(last)), directive: directives.noFiles };
}

async function names(type: ResourceType, last: string, context: Context): Promise<Answer> {
  try {
    const { client, namespace } = await context.cluster();
    const { items } = await client.list<KubeObject>(type, type.namespaced ? { namespace } : {});
    return matching(
      items.map(({ metadata }) => metadata?.name ?? ''),
      last,
    );
  } catch {
    return { candidates: [], directive: directives.error };
  }
}
