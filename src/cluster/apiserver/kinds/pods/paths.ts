import type { FieldError } from '../../errors.ts';
import { invalid } from '../checks.ts';

/** A path that must not lead out of where it starts. */
export const backsteps = (path: string, field: string): FieldError[] =>
  path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : [];

/** A path within a volume. */
export const validateLocalPath = (path: string, field: string): FieldError[] => [
  ...(path.startsWith('/') ? [invalid(field, path, 'must be a relative path')] : []),
  ...backsteps(path, field),
];

/** A path within a volume whose own names start with two dots. */
export function validateFilePath(path: string, field: string): FieldError[] {
  const errors = validateLocalPath(path, field);
  const isHidden = path.startsWith('..') && !path.startsWith('../');
  return isHidden ? [...errors, invalid(field, path, "must not start with '..'")] : errors;
}
