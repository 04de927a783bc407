import { Failure } from '../error.ts';
import { DurationValue, TimeValue } from '../time.ts';
import { STRING, UNKNOWN } from '../types.ts';
import { display, isList, mapEntries, type Value } from '../values.ts';
import type { Builtin } from './builtin.ts';

/** As Go indents JSON: two spaces, keys sorted. */
function toJson(value: Value): string {
  return JSON.stringify(toPlain(value), null, 2);
}

function toPlain(value: Value): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Failure(`json: unsupported value: ${display(value)}`);
  }
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof TimeValue) return value.toString();
  if (value instanceof DurationValue) return value.ms * 1e6;
  if (value instanceof Uint8Array) return encodeBase64(value);
  if (isList(value)) return value.map(toPlain);
  const entries = mapEntries(value).map(([key, item]) => [display(key), toPlain(item)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export const encodingFunctions: Record<string, Builtin> = {
  toJSON: { params: [undefined], returns: STRING, call: ([value = null]) => toJson(value) },
  fromJSON: {
    params: [['string']],
    returns: UNKNOWN,
    call: ([text], { budget }) => {
      budget.allocate((text as string).length);
      try {
        return JSON.parse(text as string) as Value;
      } catch (error) {
        throw new Failure((error as Error).message);
      }
    },
  },
  toBase64: {
    params: [['string']],
    returns: STRING,
    call: ([text]) => encodeBase64(new TextEncoder().encode(text as string)),
  },
  fromBase64: {
    params: [['string']],
    returns: STRING,
    call: ([text]) => {
      try {
        return new TextDecoder().decode(Uint8Array.from(atob(text as string), (char) => char.charCodeAt(0)));
      } catch {
        throw new Failure(`illegal base64 data in ${JSON.stringify(text)}`);
      }
    },
  },
};
