import Type, { type Static } from 'typebox';
import type { Image } from '../runtime/runtime.ts';
import { schemaProblems } from '../schemaproblems.ts';
import { type BundledPrograms, programNames } from './programs.ts';

/** One entry of an image table: what a container of this image runs on this machine. */
export const ImageEntry = Type.Object(
  {
    /** Image name; without a tag: every tag; `*` stands for any text. */
    image: Type.String({ minLength: 1 }),
    /** The program: an absolute path or a name on the PATH, and its first arguments. `$(VAR)` is expanded. */
    command: Type.Optional(Type.Array(Type.String())),
    /** Instead of `command`: a program that comes with Kanari. */
    program: Type.Optional(Type.Enum(programNames)),
    /** Arguments that a pod's own `args` replace. */
    args: Type.Optional(Type.Array(Type.String())),
    /** A pod's own variables come after these and win. */
    env: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
    ),
    /** Absolute. Default: a folder of the pod's own. */
    workingDir: Type.Optional(Type.String({ pattern: '^/' })),
    /** Given as PORT when the pod declares no port. */
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
  },
  { additionalProperties: false },
);
export type ImageEntry = Static<typeof ImageEntry>;

/** What is wrong with an entry, one sentence each, naming the field and what is allowed. */
export function problemsOfEntry(value: unknown): string[] {
  const problems = schemaProblems(ImageEntry, value, 'the entry');
  if (problems.length > 0) return problems;
  const { command, args, program } = value as ImageEntry;
  if (!command && !program) {
    return [
      `one of "command" (a list: the program and its arguments) and "program" (${programList()}) is required`,
    ];
  }
  if (command && command.length + (args?.length ?? 0) === 0) return ['"command" and "args" are both empty'];
  if (command && program) return ['"command" and "program" exclude each other'];
  return [];
}

function programList(): string {
  return `one of ${programNames.join(', ')}`;
}

export function imageOfEntry(entry: ImageEntry, programs: BundledPrograms): Image {
  const own = {
    args: entry.args ?? [],
    env: Object.fromEntries(Object.entries(entry.env ?? {}).map(([name, value]) => [name, String(value)])),
    workingDir: entry.workingDir,
    port: entry.port,
  };
  if (entry.command) return { ...own, command: entry.command, listens: false };
  const program = programs.image(entry.program!);
  return { ...program, ...own, port: own.port ?? program.port, env: { ...program.env, ...own.env } };
}
