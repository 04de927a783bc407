import type { AnalysisRun, Metric, Rollout } from '../../api/index.ts';

/** Values of the labels of the metrics (OPS §8). */

export type InfoPhase =
  | 'InvalidSpec'
  | 'Completed'
  | 'Paused'
  | 'Error'
  | 'Timeout'
  | 'Abort'
  | 'Progressing';

/** The phases of `rollout_phase`, which has no InvalidSpec. */
export const rolloutPhases = ['Completed', 'Progressing', 'Paused', 'Timeout', 'Error', 'Abort'] as const;
export const analysisPhases = [
  'Pending',
  'Error',
  'Failed',
  'Successful',
  'Running',
  'Inconclusive',
] as const;

const phaseOfReason: Readonly<Record<string, InfoPhase>> = {
  NewReplicaSetAvailable: 'Completed',
  RolloutPaused: 'Paused',
  ReplicaSetCreateError: 'Error',
  ProgressDeadlineExceeded: 'Timeout',
  RolloutAborted: 'Abort',
};

/** OPS-046: the first rule that applies. */
export function infoPhase({ status }: Rollout): InfoPhase {
  const conditions = status?.conditions ?? [];
  if (conditions.some(({ type }) => type === 'InvalidSpec')) return 'InvalidSpec';
  const reason = conditions.find(({ type }) => type === 'Progressing')?.reason ?? '';
  return phaseOfReason[reason] ?? 'Progressing';
}

export function strategyOf({ spec }: Rollout): 'blueGreen' | 'canary' | 'none' {
  if (spec.strategy?.blueGreen) return 'blueGreen';
  return spec.strategy?.canary ? 'canary' : 'none';
}

/** All routers of a Rollout, joined by commas. */
export function trafficRouterOf({ spec }: Rollout): string {
  const routing = spec.strategy?.canary?.trafficRouting;
  if (!routing) return '';
  const routers = {
    ALB: routing.alb,
    Ambassador: routing.ambassador,
    Istio: routing.istio,
    Nginx: routing.nginx,
    SMI: routing.smi,
    AppMesh: routing.appMesh,
    Traefik: routing.traefik,
    Apisix: routing.apisix,
    Plugin: routing.plugins,
  };
  return Object.entries(routers)
    .filter(([, settings]) => settings)
    .map(([name]) => name)
    .join(',');
}

const providerNames: Readonly<Record<string, string>> = {
  prometheus: 'Prometheus',
  job: 'Job',
  kayenta: 'Kayenta',
  web: 'Web',
  datadog: 'Datadog',
  wavefront: 'Wavefront',
  newRelic: 'NewRelic',
  cloudWatch: 'CloudWatch',
  graphite: 'Graphite',
  influxdb: 'Influxdb',
  skywalking: 'skywalking',
  plugin: 'RPCPlugin',
};

export function metricType({ provider }: Metric): string {
  const [key] = Object.entries(provider).find(([, settings]) => settings) ?? [];
  return (key && providerNames[key]) ?? 'Unknown Provider';
}

export function metricPhase({ status }: AnalysisRun, metric: string): string {
  return status?.metricResults?.find(({ name }) => name === metric)?.phase || 'Pending';
}
