import type { JobSpec } from 'kubernetes-types/batch/v1.d.ts';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import type { Static } from 'typebox';
import {
  AnyObject,
  AnyValue,
  Builtin,
  Duration,
  Flag,
  Int32,
  Int64,
  IntOrString,
  List,
  optional,
  StringMap,
  Text,
  Time,
  Type,
} from './schema.ts';

/** Schemas of AnalysisTemplate, ClusterAnalysisTemplate and AnalysisRun (ANA §1, §6). */

const SecretKeyRef = Type.Object({
  name: Text('Name of the Secret, in the namespace of the run.'),
  key: Text('Key within the Secret.'),
});

const ArgumentValueFrom = Type.Object({
  secretKeyRef: optional(SecretKeyRef),
  fieldRef: optional(Type.Object({ fieldPath: Text('Path of a field, e.g. metadata.name.') })),
});

export const Argument = Type.Object(
  {
    name: Text('Name under which the argument is used, as {{args.<name>}}.'),
    value: optional(Text('The value.')),
    valueFrom: optional(ArgumentValueFrom),
  },
  { description: 'An input of a template or a run.' },
);
export type Argument = Static<typeof Argument>;

export const DryRun = Type.Object({
  metricName: Text('Regular expression; metrics that it matches are measured but never decide.'),
});
export const MeasurementRetention = Type.Object({
  metricName: Text('Regular expression for the names of metrics.'),
  limit: Int32('How many measurements to keep in the status.'),
});
export const TemplateRef = Type.Object({
  templateName: optional(Text('Name of the AnalysisTemplate.')),
  clusterScope: optional(Flag('Look the name up among ClusterAnalysisTemplates. Default: false.')),
});
export type DryRun = Static<typeof DryRun>;
export type MeasurementRetention = Static<typeof MeasurementRetention>;
export type TemplateRef = Static<typeof TemplateRef>;

const HttpHeader = Type.Object({ key: Text(), value: Text() });
const OAuth2 = Type.Object({
  tokenUrl: optional(Text('URL of the token endpoint.')),
  clientId: optional(Text()),
  clientSecret: optional(Text()),
  scopes: optional(List(Text())),
});
const Sigv4 = Type.Object({
  region: optional(Text('AWS region.')),
  profile: optional(Text('Profile of the AWS configuration.')),
  roleArn: optional(Text('Role to assume.')),
});
const BasicAuth = Type.Object({ username: optional(Text()), password: optional(Text()) });
const Authentication = Type.Object({
  sigv4: optional(Sigv4),
  oauth2: optional(OAuth2),
  basicAuth: optional(BasicAuth),
});

export const PrometheusMetric = Type.Object({
  address: optional(
    Text('URL of Prometheus. Default: the environment variable ARGO_ROLLOUTS_PROMETHEUS_ADDRESS.'),
  ),
  query: optional(Text('PromQL.')),
  authentication: optional(Authentication),
  timeout: optional(Int64('Seconds until the query is given up. Default: 30.')),
  insecure: optional(Flag('Do not verify the server certificate.')),
  headers: optional(List(HttpHeader)),
  rangeQuery: optional(
    Type.Object({
      start: optional(Text('Expression that gives a time, e.g. now() - duration("1h").')),
      end: optional(Text('Expression that gives a time.')),
      step: optional(Text('Duration between two points.')),
    }),
  ),
});
export type PrometheusMetric = Static<typeof PrometheusMetric>;

export const WebMetric = Type.Object({
  method: optional(Text('GET (default), POST or PUT.')),
  url: Text('URL to request.'),
  headers: optional(List(HttpHeader)),
  body: optional(Text('Body of the request.')),
  jsonBody: optional(AnyValue('Body of the request as JSON.')),
  timeoutSeconds: optional(Int64('Seconds until the request is given up. Default: 10.')),
  jsonPath: optional(Text('What of a JSON answer is the result, e.g. {$.status}. Default: {$}.')),
  insecure: optional(Flag('Do not verify the server certificate.')),
  authentication: optional(Authentication),
});
export type WebMetric = Static<typeof WebMetric>;

export const JobMetric = Type.Object({
  metadata: optional(Type.Object({ labels: optional(StringMap()), annotations: optional(StringMap()) })),
  spec: Builtin<JobSpec>('io.k8s.api.batch.v1.JobSpec'),
});
export type JobMetric = Static<typeof JobMetric>;

const KayentaScopeDetail = Type.Object({
  scope: Text(),
  region: Text(),
  step: Int64(),
  start: optional(Text()),
  end: optional(Text()),
});
const KayentaMetric = Type.Object({
  address: Text(),
  application: Text(),
  canaryConfigName: Text(),
  metricsAccountName: Text(),
  configurationAccountName: Text(),
  storageAccountName: Text(),
  threshold: Type.Object({ pass: Int64(), marginal: Int64() }),
  scopes: List(
    Type.Object({ name: Text(), controlScope: KayentaScopeDetail, experimentScope: KayentaScopeDetail }),
  ),
  lookback: optional(Flag()),
});

const SecretRef = Type.Object({ name: optional(Text()), namespaced: optional(Flag()) });
const DatadogMetric = Type.Object({
  interval: optional(Type.String({ default: '5m' })),
  query: optional(Text()),
  queries: optional(StringMap()),
  formula: optional(Text()),
  apiVersion: optional(Type.String({ enum: ['v1', 'v2'], default: 'v1' })),
  aggregator: optional(
    Type.String({ enum: ['avg', 'min', 'max', 'sum', 'last', 'percentile', 'mean', 'l2norm', 'area'] }),
  ),
  requestTimeout: optional(Type.String({ default: '10s' })),
  secretRef: optional(SecretRef),
});

const CloudWatchMetric = Type.Object({
  interval: optional(Duration()),
  metricDataQueries: List(
    Type.Object({
      id: optional(Text()),
      expression: optional(Text()),
      label: optional(Text()),
      metricStat: optional(
        Type.Object({
          metric: optional(
            Type.Object({
              dimensions: optional(List(Type.Object({ name: optional(Text()), value: optional(Text()) }))),
              metricName: optional(Text()),
              namespace: optional(Text()),
            }),
          ),
          period: optional(IntOrString()),
          stat: optional(Text()),
          unit: optional(Text()),
        }),
      ),
      period: optional(IntOrString()),
      returnData: optional(Flag()),
    }),
  ),
});

const MetricProvider = Type.Object(
  {
    prometheus: optional(PrometheusMetric),
    kayenta: optional(KayentaMetric),
    web: optional(WebMetric),
    datadog: optional(DatadogMetric),
    wavefront: optional(Type.Object({ address: optional(Text()), query: optional(Text()) })),
    newRelic: optional(Type.Object({ profile: optional(Text()), query: Text(), timeout: optional(Int64()) })),
    job: optional(JobMetric),
    cloudWatch: optional(CloudWatchMetric),
    graphite: optional(Type.Object({ address: optional(Text()), query: optional(Text()) })),
    influxdb: optional(Type.Object({ profile: optional(Text()), query: optional(Text()) })),
    skywalking: optional(
      Type.Object({ address: optional(Text()), query: optional(Text()), interval: optional(Duration()) }),
    ),
    plugin: optional(AnyObject('Plugin name to its configuration; one key.')),
  },
  { description: 'Where the measurement comes from; exactly one.' },
);
export type MetricProvider = Static<typeof MetricProvider>;

export const Metric = Type.Object({
  name: Text('Name of the metric, unique in the run.'),
  interval: optional(
    Type.Unsafe<string>({
      ...IntOrString(
        'Time between two measurements, e.g. 30s; whole numbers are seconds. Empty: measure once.',
      ),
    }),
  ),
  initialDelay: optional(Duration('Time from the start of the run to the first measurement.')),
  count: optional(IntOrString('How many measurements; without it, 1, or no end if there is an interval.')),
  successCondition: optional(Text('Expression over result; true: the measurement is Successful.')),
  failureCondition: optional(Text('Expression over result; true: the measurement is Failed.')),
  failureLimit: optional(
    IntOrString('How many failed measurements are allowed; -1: any number. Default: 0.'),
  ),
  inconclusiveLimit: optional(IntOrString('How many inconclusive measurements are allowed. Default: 0.')),
  consecutiveErrorLimit: optional(IntOrString('How many errors in a row are allowed. Default: 4.')),
  consecutiveSuccessLimit: optional(
    IntOrString('How many successes in a row end the metric as Successful; 0: off. Default: 0.'),
  ),
  provider: MetricProvider,
});
export type Metric = Static<typeof Metric>;

export const AnalysisTemplateSpec = Type.Object({
  metrics: optional(List(Metric, 'What is measured.')),
  args: optional(List(Argument, 'Inputs of the template.')),
  dryRun: optional(List(DryRun)),
  measurementRetention: optional(List(MeasurementRetention)),
  templates: optional(List(TemplateRef, 'Further templates whose metrics are added.')),
});
export type AnalysisTemplateSpec = Static<typeof AnalysisTemplateSpec>;

const TtlStrategy = Type.Object({
  secondsAfterCompletion: optional(Int32()),
  secondsAfterFailure: optional(Int32()),
  secondsAfterSuccess: optional(Int32()),
});

export const AnalysisRunSpec = Type.Object({
  metrics: List(Metric),
  args: optional(List(Argument)),
  terminate: optional(Flag('Stop measuring and finish.')),
  dryRun: optional(List(DryRun)),
  measurementRetention: optional(List(MeasurementRetention)),
  ttlStrategy: optional(TtlStrategy),
});
export type AnalysisRunSpec = Static<typeof AnalysisRunSpec>;

export type AnalysisPhase = 'Pending' | 'Running' | 'Successful' | 'Failed' | 'Error' | 'Inconclusive';
export const AnalysisPhase = Type.Unsafe<AnalysisPhase>({ type: 'string' });

export const Measurement = Type.Object({
  phase: AnalysisPhase,
  message: optional(Text()),
  startedAt: optional(Time()),
  finishedAt: optional(Time()),
  value: optional(Text('The measured value as text.')),
  metadata: optional(StringMap()),
  resumeAt: optional(Time('When an unfinished measurement is looked at again.')),
});
export type Measurement = Static<typeof Measurement>;

export const MetricResult = Type.Object({
  name: Text(),
  phase: AnalysisPhase,
  measurements: optional(List(Measurement)),
  message: optional(Text()),
  count: optional(Int32('Measurements without errors.')),
  successful: optional(Int32()),
  failed: optional(Int32()),
  inconclusive: optional(Int32()),
  error: optional(Int32()),
  consecutiveError: optional(Int32()),
  consecutiveSuccess: optional(Int32()),
  dryRun: optional(Flag()),
  metadata: optional(StringMap()),
});
export type MetricResult = Static<typeof MetricResult>;

export const RunSummary = Type.Object({
  count: optional(Int32('Number of metrics.')),
  successful: optional(Int32()),
  failed: optional(Int32()),
  inconclusive: optional(Int32()),
  error: optional(Int32()),
});
export type RunSummary = Static<typeof RunSummary>;

export const AnalysisRunStatus = Type.Object({
  phase: AnalysisPhase,
  message: optional(Text()),
  metricResults: optional(List(MetricResult)),
  startedAt: optional(Time()),
  completedAt: optional(Time()),
  runSummary: optional(RunSummary),
  dryRunSummary: optional(RunSummary),
});
export type AnalysisRunStatus = Static<typeof AnalysisRunStatus>;

export interface AnalysisTemplate {
  apiVersion: string;
  kind: 'AnalysisTemplate' | 'ClusterAnalysisTemplate';
  metadata: ObjectMeta;
  spec: AnalysisTemplateSpec;
}

export interface AnalysisRun {
  apiVersion: string;
  kind: 'AnalysisRun';
  metadata: ObjectMeta;
  spec: AnalysisRunSpec;
  status?: AnalysisRunStatus;
}

/** Whether a run (or a metric, or a measurement) in this phase is over. */
export function isCompleted(phase: AnalysisPhase | '' | undefined): boolean {
  return phase === 'Successful' || phase === 'Failed' || phase === 'Error' || phase === 'Inconclusive';
}
