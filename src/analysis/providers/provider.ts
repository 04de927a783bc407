import type { AnalysisRun, Clock, Measurement, Metric } from '../../api/index.ts';
import type { KubeClient } from '../../kube/index.ts';
import type { Sample } from '../metrics/verdict.ts';
import type { HttpClient } from './http/client.ts';

/** What providers work with. */
export interface MeasureContext {
  run: AnalysisRun;
  clock: Clock;
  /** Made once per process with `createHttpClient`. */
  http: HttpClient;
  /**
   * The decoded data of a Secret.
   * @throws ApiError; NotFound ends the run, anything else is an Error that is tried again
   */
  readSecret(namespace: string, name: string): Promise<Record<string, string>>;
  /** The cluster of the run; Job metrics need it. */
  client?: KubeClient;
  /** The cluster of ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG, where Jobs run instead of in the run's. */
  jobClient?: KubeClient;
  /** Environment variables of the controller. */
  env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the controller stops. */
  signal: AbortSignal;
}

/** A metric provider. What it throws becomes the message of a measurement that is an Error. */
export type Provider = QueryProvider | WorkProvider;

/** Answers at once; the engine evaluates the conditions. */
export interface QueryProvider {
  kind: 'query';
  query(metric: Metric, context: MeasureContext): Promise<Sample>;
  /** For `metricResults[].metadata`. */
  metadata?(metric: Metric): Record<string, string>;
}

/** What a work provider is told of the measurement that it takes. */
export interface Attempt {
  /** From 1, over the whole metric. */
  number: number;
  /** How many attempts are kept. */
  retention: number;
}

/** Starts something that takes its time and judges it itself. */
export interface WorkProvider {
  kind: 'work';
  run(metric: Metric, attempt: Attempt, context: MeasureContext): Promise<Measurement>;
  resume(metric: Metric, measurement: Measurement, context: MeasureContext): Promise<Measurement>;
  terminate(metric: Metric, measurement: Measurement, context: MeasureContext): Promise<Measurement>;
}
