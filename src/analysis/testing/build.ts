import {
  type AnalysisRun,
  type AnalysisRunSpec,
  type AnalysisTemplate,
  type AnalysisTemplateSpec,
  API_VERSION,
  type Metric,
  type Rollout,
} from '../../api/index.ts';

/** Builders for tests: say what matters, the rest is sound. */

export function metric(fields: Partial<Metric> = {}): Metric {
  return { name: 'm', provider: { web: { url: 'http://metrics.example/' } }, ...fields };
}

export function run(spec: Partial<AnalysisRunSpec> = {}, fields: Partial<AnalysisRun> = {}): AnalysisRun {
  return {
    apiVersion: API_VERSION,
    kind: 'AnalysisRun',
    metadata: { name: 'run', namespace: 'ns', uid: '0c9b4a56-1111-2222-3333-444455556666' },
    spec: { metrics: [metric()], ...spec },
    ...fields,
  };
}

export function template(
  name: string,
  spec: AnalysisTemplateSpec = { metrics: [metric()] },
): AnalysisTemplate {
  return { apiVersion: API_VERSION, kind: 'AnalysisTemplate', metadata: { name, namespace: 'ns' }, spec };
}

export function rollout(fields: Record<string, unknown> = {}): Rollout {
  return {
    apiVersion: API_VERSION,
    kind: 'Rollout',
    metadata: { name: 'web', namespace: 'ns', uid: 'u-1' },
    spec: {},
    ...fields,
  } as Rollout;
}
