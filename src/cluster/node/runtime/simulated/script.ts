import Type, { type Static } from 'typebox';
import { parse } from 'yaml';
import { DurationError, parseDuration, parseQuantity } from '../../../../api/index.ts';
import { schemaProblems } from '../../schemaproblems.ts';

/** Annotation on a pod (template): the pod runs nothing and plays this script. YAML or JSON. */
export const SIMULATE_ANNOTATION = 'kanari.dev/simulate';

const scriptFields = {
  /** Time from the start until it is ready, e.g. `3s`. Default: at once. */
  readyAfter: Type.Optional(Type.String()),
  /** It is never ready. */
  neverReady: Type.Optional(Type.Boolean()),
  /** Time from the start until it ends with `exitCode` (default 1). */
  crashAfter: Type.Optional(Type.String()),
  /** Time from the start until it ends with `exitCode` (default 0). */
  exitAfter: Type.Optional(Type.String()),
  exitCode: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
  /** Text of a failing image pull. */
  imagePullError: Type.Optional(Type.String({ minLength: 1 })),
  /** Text of a failing start (`RunContainerError`). */
  startFails: Type.Optional(Type.String({ minLength: 1 })),
  /** CPU that it uses all the time, as a quantity of cores, e.g. `250m`. Default: none. */
  cpu: Type.Optional(Type.String()),
  /** Memory that it uses all the time, as a quantity of bytes, e.g. `64Mi`. Default: none. */
  memory: Type.Optional(Type.String()),
  /** Lines that it writes to its log at the start. */
  log: Type.Optional(Type.Array(Type.String())),
};
const ContainerScript = Type.Object(scriptFields, { additionalProperties: false });
const PodScript = Type.Object(
  { ...scriptFields, containers: Type.Optional(Type.Record(Type.String(), ContainerScript)) },
  { additionalProperties: false },
);

/** What a simulated container does; times in milliseconds from its start. */
export interface Script {
  /** Undefined: never. */
  readyAfterMs: number | undefined;
  endsAfterMs: number | undefined;
  exitCode: number;
  imagePullError: string | undefined;
  startFails: string | undefined;
  cpuCores: number;
  memoryBytes: number;
  log: readonly string[];
}

/** The annotation is not understood; the message names the field and what is allowed. */
export class ScriptError extends Error {
  override name = 'ScriptError';
}

/**
 * The script of one container: `containers.NAME` over the fields for all.
 * @throws ScriptError
 */
export function parseScript(text: string, container: string): Script {
  const value = parseYaml(text) ?? {};
  const problems = schemaProblems(PodScript, value, 'it');
  if (problems.length > 0) throw new ScriptError(`${prefix}${problems.join('; ')}`);
  const { containers, ...forAll } = value as Static<typeof PodScript>;
  const script = { ...forAll, ...containers?.[container] };
  if (script.crashAfter !== undefined && script.exitAfter !== undefined) {
    throw new ScriptError(`${prefix}"crashAfter" and "exitAfter" exclude each other`);
  }
  const endsAfter = duration('crashAfter', script.crashAfter) ?? duration('exitAfter', script.exitAfter);
  return {
    readyAfterMs: script.neverReady ? undefined : (duration('readyAfter', script.readyAfter) ?? 0),
    endsAfterMs: endsAfter,
    exitCode: script.exitCode ?? (script.crashAfter !== undefined ? 1 : 0),
    imagePullError: script.imagePullError,
    startFails: script.startFails,
    cpuCores: quantity('cpu', script.cpu, '250m or 2'),
    memoryBytes: quantity('memory', script.memory, '64Mi or 1G'),
    log: script.log ?? [],
  };
}

const prefix = `annotation ${SIMULATE_ANNOTATION}: `;

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new ScriptError(`${prefix}not YAML: ${(error as Error).message.split('\n')[0]}`);
  }
}

function duration(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    const ms = parseDuration(text);
    if (ms < 0) throw new DurationError('it is negative');
    return ms;
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    throw new ScriptError(
      `${prefix}"${field}" must be a duration such as 3s or 1m30s, not ${JSON.stringify(text)}`,
    );
  }
}

function quantity(field: string, text: string | undefined, examples: string): number {
  if (text === undefined) return 0;
  const value = parseQuantity(text);
  if (value !== undefined && value >= 0) return value;
  throw new ScriptError(
    `${prefix}"${field}" must be a quantity such as ${examples}, not ${JSON.stringify(text)}`,
  );
}
