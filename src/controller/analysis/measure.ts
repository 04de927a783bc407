import { createHttpClient, type MeasureContext, measure } from '../../analysis/providers/index.ts';
import { type Clock, Secrets } from '../../api/index.ts';
import type { KubeClient } from '../../kube/index.ts';
import type { ControllerOptions } from '../options.ts';
import type { AnalysisReconcilerOptions } from './reconciler.ts';

/** How measurements are taken, and how that is ended. */
export interface Measuring {
  measure: AnalysisReconcilerOptions['measure'];
  close(): Promise<void>;
}

/** Connects the providers of metrics to this process: its cluster, its clock, its environment. */
export function createMeasuring({
  client,
  clock,
  resolveService,
  env = process.env,
}: Pick<ControllerOptions, 'resolveService'> & {
  client: KubeClient;
  clock: Clock;
  env?: MeasureContext['env'];
}): Measuring {
  const http = createHttpClient({ resolveService, env });
  return {
    measure: (run, task, signal) =>
      measure(task, {
        run,
        clock,
        http,
        client,
        env,
        signal,
        readSecret: (namespace, name) => readSecret(client, namespace, name),
      }),
    close: () => http.close(),
  };
}

/** Secrets are read when they are needed, never cached. */
async function readSecret(
  client: Pick<KubeClient, 'get'>,
  namespace: string,
  name: string,
): Promise<Record<string, string>> {
  const { data = {} } = await client.get({ type: Secrets, namespace, name });
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
