import { type KubeObject, type Rollout, WORKLOAD_GENERATION_ANNOTATION } from '../../api/index.ts';
import { rolloutPhase } from '../../rollouts/index.ts';

/** Phase and message of a Rollout as clients show them. */
export interface ShownPhase {
  phase: string;
  message: string;
}

/** What comes before the rule about the workload. */
const waits = ['waiting for rollout spec update to be observed', 'waiting for rollout to unpause'];
const WORKLOAD_UNOBSERVED = 'waiting for rollout spec update to be observed for the reference workload';

/**
 * The phase, but Progressing as long as the controller has not seen the newest template of the referenced workload
 * (CLI §3.2 rule 3; CLI-065).
 */
export function shownPhase(rollout: Rollout, workload?: KubeObject): ShownPhase {
  const shown = rolloutPhase(rollout);
  if (waits.includes(shown.message) || !isWorkloadUnobserved(rollout, workload)) return shown;
  return { phase: 'Progressing', message: WORKLOAD_UNOBSERVED };
}

function isWorkloadUnobserved({ metadata, status }: Rollout, workload: KubeObject | undefined): boolean {
  const observed = status?.workloadObservedGeneration ?? '';
  if (!workload || !/^\d+$/.test(observed)) return false;
  if (metadata.annotations?.[WORKLOAD_GENERATION_ANNOTATION] === undefined) return false;
  return Number(observed) !== workload.metadata?.generation;
}
