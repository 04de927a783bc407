import type { IncomingHttpHeaders } from 'node:http';
import type { CanaryRules, Location, Upstream } from './table.ts';

/** What a request is judged by. */
export interface RequestFacts {
  headers: IncomingHttpHeaders;
  /** A fresh number in [0, 1). */
  ticket: number;
}

/**
 * Whether a request goes to the canary of its location (TRF §13.2): header, then cookie, then weight. Where the primary
 * has no endpoint but the rules choose the canary, the canary serves.
 */
export function chooseUpstream(
  location: Location & { upstream: Upstream },
  facts: RequestFacts,
  hasEndpoints: (upstream: Upstream) => boolean,
): { upstream: Upstream; canary: boolean } {
  const { canary } = location;
  if (canary && hasEndpoints(canary.upstream) && wantsCanary(canary, facts)) {
    return { upstream: canary.upstream, canary: true };
  }
  return { upstream: location.upstream, canary: false };
}

function wantsCanary(rules: CanaryRules, { headers, ticket }: RequestFacts): boolean {
  const value = rules.header ? headers[rules.header] : undefined;
  if (value !== undefined) {
    const verdict = byHeader(rules, String(value));
    if (verdict !== undefined) return verdict;
  }
  const cookie = rules.cookie && readCookie(headers.cookie, rules.cookie);
  if (cookie === 'always') return true;
  if (cookie === 'never') return false;
  return ticket * rules.weightTotal < rules.weight;
}

/** Undefined: the header does not decide. */
function byHeader(rules: CanaryRules, value: string): boolean | undefined {
  if (rules.headerValue !== undefined) return value === rules.headerValue ? true : undefined;
  if (rules.headerPattern === 'invalid') return false;
  if (rules.headerPattern) return rules.headerPattern.test(value) ? true : undefined;
  if (value === 'always') return true;
  return value === 'never' ? false : undefined;
}

function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [key, ...value] = part.split('=');
    if (key?.trim() === name) return value.join('=').trim();
  }
  return undefined;
}

/** Steps of this size spread over [0, 1) as evenly as any can: the golden ratio's fraction. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Tickets in [0, 1) that are spread evenly over any run of requests, so that the measured split is the weight within a
 * few requests, where independent draws would still be two points off after two thousand.
 */
export function ticketDispenser(start: number): () => number {
  let ticket = start;
  return () => {
    ticket = (ticket + GOLDEN) % 1;
    return ticket;
  };
}
