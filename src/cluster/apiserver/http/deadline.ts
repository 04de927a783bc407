import { goQuote } from '../go-quote.ts';
import { parseFlag } from '../rest/options.ts';
import { badRequest } from '../status.ts';
import type { ApiPath } from './request.ts';

/** Requests that last as long as their client wants. */
const LONG_RUNNING = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);

/**
 * Refuses a `timeout` that is no duration, as `kubectl --request-timeout` sends it. No answer but that of a request that
 * may run for long takes as long as one allows.
 * @throws StatusError 400
 */
export function checkTimeout(query: URLSearchParams, path: ApiPath | undefined): void {
  const timeout = query.get('timeout');
  if (!timeout || parseFlag(query, 'watch') || LONG_RUNNING.has(path?.subresource ?? '')) return;
  const problem = durationProblem(timeout);
  if (problem) throw badRequest(`invalid timeout specified in the request URL - time: ${problem}`);
}

const UNITS = new Set(['ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h']);

/** What is wrong with a duration such as `1h30m`, in Go's words; undefined when nothing is. */
export function durationProblem(text: string): string | undefined {
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return undefined;
  if (rest === '') return `invalid duration ${goQuote(text)}`;
  while (rest !== '') {
    const [number = ''] = /^(?:\d+\.?\d*|\.\d+)/.exec(rest) ?? [];
    if (number === '') return `invalid duration ${goQuote(text)}`;
    const [unit = ''] = /^[^.\d]*/.exec(rest.slice(number.length)) ?? [];
    if (unit === '') return `missing unit in duration ${goQuote(text)}`;
    if (!UNITS.has(unit)) return `unknown unit ${goQuote(unit)} in duration ${goQuote(text)}`;
    rest = rest.slice(number.length + unit.length);
  }
  return undefined;
}
