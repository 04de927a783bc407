import type { KubeObject } from '../../../api/index.ts';
import type { Matches } from '../rest/selectors.ts';
import type { Change } from '../store/index.ts';

/** An event before it is presented. */
export interface RawEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: KubeObject;
}

/**
 * What a change is to a watcher with a selector: an object that comes to match is added, one that ceases to match is
 * deleted, in its old state with the new resourceVersion. Undefined: nothing.
 */
export function eventOf(change: Change, matches: Matches | undefined): RawEvent | undefined {
  const { entry, deleted, previous } = change;
  const matched = previous !== undefined && (matches?.(previous.object) ?? true);
  if (deleted) {
    return matched ? { type: 'DELETED', object: entry.object } : undefined;
  }
  const match = matches?.(entry.object) ?? true;
  if (match) return { type: matched ? 'MODIFIED' : 'ADDED', object: entry.object };
  if (!matched) return undefined;
  const metadata = { ...previous.object.metadata, resourceVersion: String(change.revision) };
  return { type: 'DELETED', object: { ...previous.object, metadata } };
}
