import type { Endpoint } from './endpoints.ts';

/** Chooses endpoints for connections: each in turn, or always the same one for a client. */
export class Balancer {
  #next = 0;

  /** All endpoints, in the order in which this connection should try them. */
  order(endpoints: readonly Endpoint[], stickyClient?: string): Endpoint[] {
    if (endpoints.length === 0) return [];
    const first = (stickyClient === undefined ? this.#next++ : hash(stickyClient)) % endpoints.length;
    return [...endpoints.slice(first), ...endpoints.slice(0, first)];
  }
}

function hash(text: string): number {
  let sum = 0;
  for (const char of text) sum = (sum * 31 + char.charCodeAt(0)) >>> 0;
  return sum;
}
