import { Environment } from '@marcbachmann/cel-js';
import { registerFormats } from './formats.ts';
import { registerLists } from './lists.ts';
import { registerNetwork } from './network.ts';
import { registerQuantities } from './quantities.ts';
import { registerStrings } from './strings.ts';

/** CEL as rules of CRDs have it: a library for the language, and Kubernetes' functions. */
const environment = new Environment({
  unlistedVariablesAreDyn: false,
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
});
registerStrings(environment);
registerLists(environment);
registerQuantities(environment);
registerNetwork(environment);
registerFormats(environment);

const ofObject = environment.clone().registerVariable('self', 'dyn');
const environments = {
  plain: ofObject.clone().registerVariable('oldSelf', 'dyn'),
  /** With `optionalOldSelf`. */
  optional: ofObject.clone().registerVariable('oldSelf', 'optional<dyn>'),
};

type Program = ReturnType<Environment['parse']>;

const programs = new Map<string, Program | Error>();
const KEPT = 5000;

/**
 * A compiled expression, or what is wrong with it.
 * @param optionalOldSelf whether `oldSelf` is an optional value
 */
export function compile(expression: string, optionalOldSelf = false): Program | Error {
  const oldSelf = optionalOldSelf ? 'optional' : 'plain';
  const key = `${oldSelf} ${expression}`;
  let program = programs.get(key);
  if (!program) {
    try {
      program = environments[oldSelf].parse(expression.replaceAll(/\.\s*matches\s*\(/g, '.matchesRe2('));
      const checked = program.check();
      if (!checked.valid) program = checked.error ?? new Error('does not compile');
    } catch (error) {
      program = error as Error;
    }
    if (programs.size >= KEPT) programs.clear();
    programs.set(key, program);
  }
  return program;
}

const ofRequest = environment
  .clone()
  .registerVariable('object', 'dyn')
  .registerVariable('oldObject', 'dyn')
  .registerVariable('request', 'dyn')
  .registerVariable('params', 'dyn')
  .registerVariable('namespaceObject', 'dyn')
  .registerVariable('variables', 'dyn');
const conditions = new Map<string, Program>();

/** A compiled expression about a request. @throws Error when it does not compile */
export function compileForRequest(expression: string): Program {
  let program = conditions.get(expression);
  if (!program) {
    program = ofRequest.parse(expression.replaceAll(/\.\s*matches\s*\(/g, '.matchesRe2('));
    const checked = program.check();
    if (!checked.valid) throw checked.error ?? new Error('does not compile');
    if (conditions.size >= KEPT) conditions.clear();
    conditions.set(expression, program);
  }
  return program;
}

/** A duration such as `1h30m` as expressions have it. @throws Error when it is none */
export const durationOf = (text: string): unknown => toDuration({ text });
const toDuration = environment.clone().registerVariable('text', 'string').parse('duration(text)');
