import { Experiments, type ResourceType, Rollouts } from '../../api/index.ts';
import { type Context, type ExitCode, printLine } from '../context.ts';
import { CliError } from '../errors.ts';
import { experimentInfo, rolloutInfo } from '../info/index.ts';
import { type Followed, followExperiment, followRollout } from '../objects/follow.ts';
import { notFound, readExperimentObjects, readRolloutObjects } from '../objects/read.ts';
import { type ColourFlags, paintFor } from '../view/colour.ts';
import { experimentFrame, rolloutFrame } from '../view/frame.ts';
import { redraw } from '../view/redraw.ts';
import { openScreen } from '../view/screen.ts';
import { formatStructured, type StructuredFormat } from '../view/structured.ts';

export interface GetOptions extends ColourFlags {
  watch?: boolean;
  timeoutSeconds?: number;
  output?: StructuredFormat;
}

/** CLI-070 to CLI-077. */
export function getRollout(name: string, options: GetOptions, context: Context): Promise<ExitCode> {
  const paint = paintFor(options, context);
  return get(
    {
      type: Rollouts,
      name,
      read: readRolloutObjects,
      follow: followRollout,
      info: rolloutInfo,
      frame: (info) => rolloutFrame(info, paint, context.clock()),
    },
    options,
    context,
  );
}

/** CLI-078. */
export function getExperiment(name: string, options: GetOptions, context: Context): Promise<ExitCode> {
  const paint = paintFor(options, context);
  return get(
    {
      type: Experiments,
      name,
      read: readExperimentObjects,
      follow: followExperiment,
      info: ({ experiment, ...objects }) => experimentInfo(experiment, objects),
      frame: (info) => experimentFrame(info, paint, context.clock()),
    },
    options,
    context,
  );
}

/** What is shown, and how it is come by. */
interface Subject<Objects, Info> {
  type: ResourceType;
  name: string;
  read: (...args: Parameters<typeof readRolloutObjects>) => Promise<Objects>;
  follow: (...args: Parameters<typeof followRollout>) => Promise<Followed<Objects>>;
  info: (objects: Objects) => Info;
  frame: (info: Info) => string[];
}

async function get<Objects, Info>(
  subject: Subject<Objects, Info>,
  options: GetOptions,
  context: Context,
): Promise<ExitCode> {
  const { client, namespace } = await context.cluster();
  const unreadable = new Set<ResourceType>();
  const objects = await subject.read(client, namespace, subject.name, (type, why) => {
    unreadable.add(type);
    printLine(context.stderr, `warning: cannot list ${type.plural}: ${why}`);
  });
  if (options.watch) return await watch(subject, unreadable, options, context);
  const info = subject.info(objects);
  context.stdout.write(
    options.output
      ? formatStructured(info, options.output)
      : subject
          .frame(info)
          .map((line) => `${line}\n`)
          .join(''),
  );
}

/** Shows every change until Ctrl-C, the timeout (both exit 0) or the end of the object (exit 1). */
async function watch<Objects, Info>(
  subject: Subject<Objects, Info>,
  unreadable: ReadonlySet<ResourceType>,
  options: GetOptions,
  context: Context,
): Promise<ExitCode> {
  if (options.output) throw new CliError('--output cannot be used with --watch');
  const signal = context.interrupted();
  const { client, namespace } = await context.cluster();
  const followed = await subject.follow(client, namespace, subject.name, unreadable);
  const screen = openScreen(context.stdout);
  let last: { lines: string[]; content: string } = { lines: [], content: '' };
  try {
    const end = await redraw({
      subscribe: (listener) => {
        const stops = [followed.subscribe(listener), context.stdout.onResize(listener)];
        return () => stops.forEach((stop) => void stop());
      },
      draw: () => {
        const objects = followed.current();
        if (!objects) return false;
        const info = subject.info(objects);
        last = { lines: subject.frame(info), content: JSON.stringify(info) };
        const problems = followed.problems().map((problem) => `warning: ${problem}`);
        const { stdout } = context;
        screen.show(stdout.isTTY ? [...last.lines, ...problems] : last.lines, last.content);
        return true;
      },
      signal,
      timeoutMs: (options.timeoutSeconds ?? 0) * 1000,
      ...(context.stdout.isTTY && { maxGapMs: 1000 }),
    });
    if (end === 'done') throw notFound(subject.type, subject.name);
  } finally {
    screen.leave(last.lines, last.content);
    await followed.stop();
  }
}
