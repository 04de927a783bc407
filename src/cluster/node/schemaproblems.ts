import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

interface Problem {
  keyword: string;
  instancePath: string;
  message: string;
  params: object;
}

/**
 * What is wrong with a user's data, one sentence each that names the field and what is allowed.
 * @param what what the whole value is called, e.g. `the entry`
 */
export function schemaProblems(schema: TSchema, value: unknown, what: string): string[] {
  const problems: Problem[] = Value.Errors(schema, value);
  const unions = problems
    .filter(({ keyword }) => keyword === 'anyOf')
    .map(({ instancePath }) => instancePath);
  return problems.flatMap((problem) => {
    // Each branch of a union, and each unknown field, is told a second time by itself.
    const repeated =
      problem.keyword === 'boolean' || (problem.keyword !== 'anyOf' && unions.includes(problem.instancePath));
    return repeated ? [] : [sentence(problem, schema, what)];
  });
}

function sentence(
  { keyword, instancePath, message, params }: Problem,
  schema: TSchema,
  what: string,
): string {
  const path = instancePath.slice(1).replaceAll('/', '.');
  const name = path === '' ? what : JSON.stringify(path);
  const detail = params as {
    additionalProperties?: string[];
    requiredProperties?: string[];
    allowedValues?: unknown[];
  };
  const quoted = (names: readonly unknown[] = []) => names.map((each) => JSON.stringify(each)).join(', ');
  switch (keyword) {
    case 'additionalProperties': {
      const allowed = path === '' ? Object.keys((schema as { properties?: object }).properties ?? {}) : [];
      const where = path === '' ? '' : ` in ${name}`;
      return `unknown field ${quoted(detail.additionalProperties)}${where}${allowed.length > 0 ? `; allowed: ${allowed.join(', ')}` : ''}`;
    }
    case 'required':
      return `${quoted(detail.requiredProperties)} is required${path === '' ? '' : ` in ${name}`}`;
    case 'enum':
      return `${name} must be one of ${quoted(detail.allowedValues)}`;
    case 'anyOf':
      return `${name} must be a text, a number, true or false`;
    default:
      return `${name} ${message}`;
  }
}
