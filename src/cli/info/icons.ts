/** One sign for each state (CLI §4.2). */

const icons: Record<string, readonly string[]> = {
  '✔': ['Healthy', 'Running', 'Completed', 'Succeeded', 'Successful'],
  '◌': ['Progressing', 'Pending', 'Terminating', 'ContainerCreating', 'PodInitializing'],
  '✖': [
    'Degraded',
    'ReplicaFailure',
    'Failed',
    'InvalidImageName',
    'CrashLoopBackOff',
    'OOMKilled',
    'Evicted',
  ],
  '⚠': ['Error', 'InvalidSpec', 'ImagePullBackOff', 'RegistryUnavailable'],
  '?': ['Unknown', 'Inconclusive'],
  '॥': ['Paused'],
  '•': ['ScaledDown'],
};
const NONE = ' ';

const byStatus = new Map(Object.entries(icons).flatMap(([icon, names]) => names.map((name) => [name, icon])));
const only = (...statuses: string[]) => {
  const known = new Set(statuses);
  return (status: string) => (known.has(status) ? (byStatus.get(status) ?? NONE) : NONE);
};

export const rolloutIcon = only(
  'Healthy',
  'Progressing',
  'Degraded',
  'Error',
  'InvalidSpec',
  'Unknown',
  'Paused',
  'ScaledDown',
);

export const replicaSetIcon = only('Healthy', 'Progressing', 'ReplicaFailure', 'ScaledDown');

/** Of AnalysisRuns, Experiments and the Jobs of measurements. */
export function analysisIcon(phase: string): string {
  if (phase === 'Pending') return '◷';
  if (phase === 'Running') return '◌';
  return only('Successful', 'Failed', 'Error', 'Inconclusive')(phase);
}

/** The prefixes come first, so that `Init:ImagePullBackOff` is still on its way. */
export function podIcon(status: string): string {
  if (status === 'Init:CrashLoopBackOff' || status === 'Init:Error') return '✖';
  if (status.startsWith('Init:')) return '◌';
  if (status.startsWith('Signal:') || status.startsWith('ExitCode:')) return '✖';
  if (status.endsWith('Error') || status.startsWith('Err')) return '⚠';
  return status === 'Healthy' || status === 'Progressing' ? NONE : (byStatus.get(status) ?? NONE);
}
