import type { User } from '../access/users.ts';
import { badRequest } from '../status.ts';

/** What a review is asked with. */
export interface Question {
  spec: Record<string, unknown>;
  /** Of the URL. */
  namespace: string | undefined;
  /** Who asks. */
  user: User;
}

type Fields = Readonly<Record<string, unknown>>;

const wrong = (field: string, wanted: string) => badRequest(`spec.${field} must be ${wanted}`);

/** A field that is a text; empty when absent. @throws StatusError 400 for another type */
export function text(fields: Fields, name: string, path = name): string {
  const value = fields[name] ?? '';
  if (typeof value !== 'string') throw wrong(path, 'a string');
  return value;
}

/** A field that is a list of texts; empty when absent. @throws StatusError 400 for another type */
export function strings(fields: Fields, name: string): string[] {
  const value = fields[name] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw wrong(name, 'a list of strings');
  }
  return value;
}

/** A field that is an object; undefined when absent. @throws StatusError 400 for another type */
export function object(fields: Fields, name: string): Fields | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong(name, 'an object');
  return value as Fields;
}
