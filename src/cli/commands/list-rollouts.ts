import { type Rollout, Rollouts } from '../../api/index.ts';
import { setWeightOf, shownPhase, stepText, strategyOf } from '../info/index.ts';
import type { ListTable } from './list-objects.ts';

/** One row for each Rollout (CLI-053, CLI-055). */
export const rolloutTable: ListTable<Rollout> = {
  type: Rollouts,
  columns: [
    ['NAME', 10],
    ['STRATEGY', 9],
    ['STATUS', 12],
    ['STEP', 4],
    ['SET-WEIGHT', 10],
    ['READY', 5],
    ['DESIRED', 7],
    ['UP-TO-DATE', 10],
    ['AVAILABLE', 9],
  ],
  row: (rollout) => {
    const { metadata, spec, status = {} } = rollout;
    return [
      metadata.name ?? '',
      strategyOf(rollout) || 'unknown',
      shownPhase(rollout).phase,
      stepText(rollout) || '-',
      spec.strategy?.canary ? String(setWeightOf(rollout)) : '-',
      `${status.readyReplicas ?? 0}/${status.replicas ?? 0}`,
      String(spec.replicas ?? 1),
      String(status.updatedReplicas ?? 0),
      String(status.availableReplicas ?? 0),
    ];
  },
};
