import type { Logger } from 'pino';
import type { Clock } from '../../../api/index.ts';
import type { Informers, KubeClient } from '../../../kube/index.ts';

/** What every workload controller works with. */
export interface Context {
  client: KubeClient;
  informers: Informers;
  clock: Clock;
  log: Logger;
}

export interface Controller {
  /** Ends what is being done and starts nothing more. */
  stop(): Promise<void>;
}
