import type { AnalysisRun, Measurement } from '../../../api/index.ts';
import type { MeasurementTask, TaskResult } from '../../runs/types.ts';
import { START } from '../../testing/simulate.ts';
import { createHttpClient, type HttpClientOptions } from '../http/client.ts';
import { measure } from '../measure.ts';
import type { MeasureContext } from '../provider.ts';

type Options = Partial<MeasureContext> & { task?: Partial<MeasurementTask>; httpOptions?: HttpClientOptions };

/** Takes the first metric of a run, as the controller would. */
export async function take(
  run: AnalysisRun,
  { task, httpOptions, ...context }: Options = {},
): Promise<TaskResult> {
  const [source] = run.spec.metrics;
  if (!source) throw new Error('the run has no metric');
  const http = createHttpClient(httpOptions);
  try {
    return await measure(
      { metricName: source.name, metric: source, source, mode: 'run', attempt: 1, retention: 10, ...task },
      {
        run,
        http,
        clock: () => START,
        env: {},
        signal: new AbortController().signal,
        readSecret: async () => ({}),
        ...context,
      },
    );
  } finally {
    await http.close();
  }
}

/** The measurement of a task that did not end the run. */
export function measurementOf(result: TaskResult): Measurement {
  if ('unresolvable' in result) throw new Error(result.unresolvable);
  return result.measurement;
}
