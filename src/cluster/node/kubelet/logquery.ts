import { type Clock, parseTime } from '../../../api/index.ts';
import type { LogQuery } from '../logs/read.ts';

/** A parameter is not understood; the message names it and what is allowed. */
export class LogQueryError extends Error {
  override name = 'LogQueryError';
}

/**
 * Reads the parameters of `kubectl logs`.
 * @throws LogQueryError
 */
export function parseLogQuery(params: URLSearchParams, clock: Clock): LogQuery & { previous: boolean } {
  const sinceSeconds = wholeNumber(params, 'sinceSeconds', 1);
  const sinceTime = params.get('sinceTime');
  if (sinceSeconds !== undefined && sinceTime) {
    throw new LogQueryError('at most one of "sinceTime" and "sinceSeconds" may be given');
  }
  const since = sinceTime ? parseTime(sinceTime) : undefined;
  if (sinceTime && since === undefined) {
    throw new LogQueryError(
      `sinceTime must be an RFC 3339 time such as 2026-01-31T12:00:00Z, not ${JSON.stringify(sinceTime)}`,
    );
  }
  return {
    follow: flag(params, 'follow'),
    previous: flag(params, 'previous'),
    timestamps: flag(params, 'timestamps'),
    tailLines: wholeNumber(params, 'tailLines', 0),
    limitBytes: wholeNumber(params, 'limitBytes', 1),
    since: sinceSeconds === undefined ? since : clock() - sinceSeconds * 1000,
  };
}

function flag(params: URLSearchParams, name: string): boolean {
  const text = params.get(name);
  if (text === null || text === '' || text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1') return true;
  throw new LogQueryError(`${name} must be true or false, not ${JSON.stringify(text)}`);
}

function wholeNumber(params: URLSearchParams, name: string, least: number): number | undefined {
  const text = params.get(name);
  if (text === null || text === '') return undefined;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < least) {
    throw new LogQueryError(`${name} must be a whole number from ${least} on, not ${JSON.stringify(text)}`);
  }
  return number;
}
