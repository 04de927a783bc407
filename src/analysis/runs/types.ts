import type { AnalysisRun, AnalysisRunStatus, Decision, Measurement, Metric } from '../../api/index.ts';

/** All that decides about a run. */
export interface AnalysisRunView {
  run: AnalysisRun;
}

/** One measurement that is due. Its order is that of the metrics in the spec. */
export interface MeasurementTask {
  /** Name with its placeholders replaced. */
  metricName: string;
  /** The metric with its placeholders replaced, but for Secrets: there `temp-for-secret` stands. */
  metric: Metric;
  /** The metric as it is in the spec; what a Secret feeds is put in place when the measurement is taken. */
  source: Metric;
  mode: 'run' | 'resume' | 'terminate';
  /** The unfinished measurement that is resumed or terminated. */
  measurement?: Measurement;
  /** Which attempt this is, from 1: measurements and errors of the metric so far, plus one. */
  attempt: number;
  /** How many measurements (and what belongs to them, such as Jobs) the metric keeps. */
  retention: number;
}

/** What came of a task. */
export type TaskResult =
  | {
      metricName: string;
      /** Of the task: a resumed or terminated measurement takes the place of the last. */
      mode: MeasurementTask['mode'];
      measurement: Measurement;
      /** Of the provider, e.g. the resolved query; kept with the first measurement. */
      metadata?: Record<string, string>;
    }
  | {
      metricName: string;
      /** The arguments cannot be had (a Secret or a key of it is missing): this ends the run. */
      unresolvable: string;
    };

/**
 * What to do about a run. With measurements due, take them (side by side), then carry out what `assess` says; without,
 * carry out the decision itself.
 */
export interface RunDecision extends Decision<AnalysisRunStatus> {
  measurements: MeasurementTask[];
}
