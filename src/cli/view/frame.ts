import type { Instant } from '../../api/index.ts';
import type { ExperimentInfo, RolloutInfo } from '../info/index.ts';
import type { Paint } from './colour.ts';
import { experimentHeader, rolloutHeader } from './header.ts';
import { experimentTree, rolloutTree } from './tree.ts';

/** What `get rollout` prints, line by line. */
export function rolloutFrame(info: RolloutInfo, paint: Paint, now: Instant): string[] {
  return [...rolloutHeader(info, paint), '', ...rolloutTree(info, { paint, now })];
}

/** What `get experiment` prints, line by line. */
export function experimentFrame(info: ExperimentInfo, paint: Paint, now: Instant): string[] {
  return [...experimentHeader(info, paint), '', ...experimentTree(info, { paint, now })];
}
