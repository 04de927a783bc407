import type { Instant } from '../../../api/index.ts';

/**
 * What an autoscaler remembers of its own past. In memory only, as in Kubernetes: after a restart the stabilisation
 * windows and the periods of policies begin anew.
 */
export interface History {
  /** What the metrics asked for, before it was stabilised. */
  recommendations: readonly { replicas: number; at: Instant }[];
  /** Changes of the size; of autoscalers with a `behavior` alone. */
  changes: readonly { by: number; at: Instant }[];
}

export const NO_HISTORY: History = { recommendations: [], changes: [] };

/** The longest window and the longest period that the API allows. */
const KEPT_MS = 3600_000;

const recent = <T extends { at: Instant }>(list: readonly T[], now: Instant) =>
  list.filter(({ at }) => at > now - KEPT_MS);

export function withRecommendation(history: History, replicas: number, now: Instant): History {
  return { ...history, recommendations: [...recent(history.recommendations, now), { replicas, at: now }] };
}

export function withChange(history: History, by: number, now: Instant): History {
  return { ...history, changes: [...recent(history.changes, now), { by, at: now }] };
}
