import type { Logger } from 'pino';
import type { ResolveService } from '../analysis/providers/index.ts';
import type { Clock } from '../api/index.ts';
import type { Informers, KubeClient, LeaseTimes } from '../kube/index.ts';
import type { Address } from './http.ts';

export interface ControllerOptions {
  client: KubeClient;
  /** Informers of the process that the controller shares; without them it runs its own. */
  informers?: Informers | undefined;
  clock: Clock;
  log: Logger;
  /** Work on this namespace only. Default: all. */
  namespace?: string | undefined;
  /** Work on objects with this instance label only. Default: those without the label. */
  instanceId?: string | undefined;
  /** Where Services of the cluster are reached from here, for measurements. Default: by DNS. */
  resolveService?: ResolveService | undefined;
  /** Serves /metrics, and the probes too. Default: not served. */
  metricsAddress?: Address | undefined;
  /** Serves /healthz and /readyz. Default: not served. */
  healthAddress?: Address | undefined;
  /** Wait for a Lease first. Default: work at once. */
  leaderElection?: LeaderElection | undefined;
  /** How many Rollouts are worked on at once. Default: 10. */
  rolloutThreads?: number | undefined;
  /** How many AnalysisRuns are worked on at once. Default: 30. */
  analysisThreads?: number | undefined;
  /** Every object is looked at again this often; of the controller's own informers. Default: 15 min. */
  resyncMs?: number | undefined;
  /** For the metrics. Default: `unknown`. */
  version?: string | undefined;
}

interface LeaderElection extends Partial<LeaseTimes> {
  /** Namespace of the Lease. */
  namespace: string;
  /** Unique among the candidates. Default: `<hostname>_<random>`. */
  identity?: string | undefined;
}
