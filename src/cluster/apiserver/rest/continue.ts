import path from 'node:path';
import { jsonSyntaxProblem } from '../json-syntax.ts';
import { badRequest } from '../status.ts';

/** In a token: the rest of the list as it is when it is asked for, not as it was. */
export const NOW = -1;

/** Where the next page of a list begins. */
interface Continue {
  /** The revision that the pages show, or `NOW`. */
  revision: number;
  /** Key of the first entry of the next page, or one just before it. */
  start: string;
}

const VERSION = 'meta.k8s.io/v1';

/** The form that Kubernetes gives its tokens. */
export function encodeContinue({ revision, start }: Continue): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start })).toString('base64url');
}

/** @throws StatusError 400 for what is no token */
export function decodeContinue(token: string): Continue {
  const bytes = decodeBase64(token);
  const syntax = jsonSyntaxProblem(bytes);
  if (syntax) throw refused(syntax);
  const { v, rv, start } = typedFields(JSON.parse(bytes.toString('utf8')));
  if (v !== VERSION) throw refused(`server does not recognize this encoded version ${v}`);
  if (rv === 0) throw refused(`incorrect encoded start resourceVersion (version ${VERSION})`);
  if (start === '') throw refused(`encoded start key empty (version ${VERSION})`);
  const key = start.startsWith('/') ? start : `/${start}`;
  if (path.posix.normalize(key) !== key) throw refused(start);
  return { revision: rv, start };
}

const TYPES = { v: 'string', rv: 'int64', start: 'string' } as const;

/** The members of a token, those that are missing empty. @throws StatusError 400 when one is of another type */
function typedFields(value: unknown): { v: string; rv: number; start: string } {
  const fields = { v: '', rv: 0, start: '' };
  if (value === null) return fields;
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw refused(`json: cannot unmarshal ${nameOf(value)} into Go value of type storage.continueToken`);
  }
  for (const [name, type] of Object.entries(TYPES)) {
    const given = (value as Record<string, unknown>)[name];
    if (given === undefined || given === null) continue;
    const fits = type === 'string' ? typeof given === 'string' : Number.isSafeInteger(given);
    if (!fits) {
      const what = type === 'int64' && typeof given === 'number' ? `number ${given}` : nameOf(given);
      throw refused(
        `json: cannot unmarshal ${what} into Go struct field continueToken.${name} of type ${type}`,
      );
    }
    Object.assign(fields, { [name]: given });
  }
  return fields;
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** @throws StatusError 400 naming the first byte that is wrong, or that the last group of four has too few */
function decodeBase64(token: string): Buffer {
  const bad = token.search(/[^A-Za-z0-9_-]/);
  const alone = token.length % 4 === 1 ? token.length - 1 : -1;
  const at = bad < 0 ? alone : bad;
  if (at >= 0) throw refused(`illegal base64 data at input byte ${at}`);
  return Buffer.from(token, 'base64url');
}

const refused = (problem: string) =>
  badRequest(`invalid continue token: continue key is not valid: ${problem}`);
