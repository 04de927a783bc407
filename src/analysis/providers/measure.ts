import { formatTime, type Measurement, type Metric } from '../../api/index.ts';
import { ArgumentError, argumentValues, resolveMetric } from '../metrics/resolve.ts';
import { judgeSample } from '../metrics/verdict.ts';
import type { MeasurementTask, TaskResult } from '../runs/types.ts';
import type { MeasureContext, QueryProvider, WorkProvider } from './provider.ts';
import { createRedact, type Redact, redactMap, redactMeasurement, redactOutcome } from './redact.ts';
import { providerOf } from './registry.ts';
import { MissingSecretError, readSecretArguments } from './secrets.ts';

/**
 * Takes one measurement. Never throws: whatever goes wrong in one is the Error of that measurement (ANA-053), but for
 * arguments that cannot be had, which end the run. Secrets are put in place here and taken out of all that is returned.
 */
export async function measure(task: MeasurementTask, context: MeasureContext): Promise<TaskResult> {
  const { metricName, mode } = task;
  const startedAt = task.measurement?.startedAt ?? formatTime(context.clock());
  let redact: Redact = (text) => text;
  try {
    const args = context.run.spec.args ?? [];
    const secrets = await readSecretArguments(args, context);
    redact = createRedact(secrets.values());
    const metric = resolveMetric(task.source, argumentValues(args, context.run, secrets));
    const provider = providerOf(metric);
    const measurement =
      provider.kind === 'query'
        ? redactMeasurement(await query(provider, metric, context), redact)
        : redactOutcome(await work(provider, metric, task, context), redact);
    const metadata = provider.kind === 'query' ? provider.metadata?.(metric) : undefined;
    return {
      metricName,
      mode,
      measurement: { ...measurement, startedAt },
      ...(metadata && { metadata: redactMap(metadata, redact) }),
    };
  } catch (error) {
    if (error instanceof MissingSecretError || error instanceof ArgumentError) {
      return { metricName, unresolvable: redact(error.message) };
    }
    const message = redact(error instanceof Error ? error.message : String(error));
    const finishedAt = formatTime(context.clock());
    const measurement: Measurement = { ...task.measurement, phase: 'Error', message, startedAt, finishedAt };
    return { metricName, mode, measurement };
  }
}

async function query(provider: QueryProvider, metric: Metric, context: MeasureContext): Promise<Measurement> {
  const sample = await provider.query(metric, context);
  const now = context.clock();
  const verdict = judgeSample(metric, sample, now);
  return {
    ...verdict,
    ...(verdict.phase !== 'Error' && sample.text !== '' && { value: sample.text }),
    ...(sample.metadata && { metadata: sample.metadata }),
    finishedAt: formatTime(now),
  };
}

function work(
  provider: WorkProvider,
  metric: Metric,
  { mode, measurement, attempt, retention }: MeasurementTask,
  context: MeasureContext,
): Promise<Measurement> {
  if (mode === 'run' || !measurement) return provider.run(metric, { number: attempt, retention }, context);
  return mode === 'resume'
    ? provider.resume(metric, measurement, context)
    : provider.terminate(metric, measurement, context);
}
