import type { FieldError } from '../errors.ts';
import { parseCount, parseFlag } from '../rest/options.ts';
import { parseVersion } from '../rest/read.ts';
import { invalid } from '../status.ts';

/** What a watch is asked to do. */
export interface WatchOptions {
  /** Changes after this revision; 0: from now on. */
  after: number;
  /** Begin with an ADDED event for each object that is there. */
  initialEvents: boolean;
  /** After the initial events, tell so with a bookmark. */
  markInitialEnd: boolean;
  bookmarks: boolean;
  timeoutSeconds: number;
}

const MIN_TIMEOUT_SECONDS = 1800;

/**
 * @param random 0 … 1; spreads the ends of watches that set no timeout
 * @throws StatusError 400 or 422
 */
export function parseWatchOptions(query: URLSearchParams, random: number): WatchOptions {
  const sendInitial = parseFlag(query, 'sendInitialEvents');
  const match = query.get('resourceVersionMatch');
  const errors: FieldError[] = [];
  const forbid = (field: string, detail: string) =>
    errors.push({ type: 'FieldValueForbidden', field, detail });
  if (match && sendInitial === undefined) {
    forbid(
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  }
  if (sendInitial !== undefined && match !== 'NotOlderThan') {
    forbid('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (match && match !== 'NotOlderThan') {
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'resourceVersionMatch',
      value: match,
      detail: 'supported values: "NotOlderThan"',
    });
  }
  if (query.get('continue')) {
    forbid('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided');
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  const after = parseVersion(query);
  const initialEvents = sendInitial ?? after === 0;
  return {
    after: initialEvents ? 0 : after,
    initialEvents,
    markInitialEnd: sendInitial === true,
    bookmarks: parseFlag(query, 'allowWatchBookmarks') ?? false,
    timeoutSeconds: parseCount(query, 'timeoutSeconds') || Math.round(MIN_TIMEOUT_SECONDS * (1 + random)),
  };
}
