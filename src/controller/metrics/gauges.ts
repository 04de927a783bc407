import { Gauge, type Registry } from 'prom-client';
import {
  type AnalysisRun,
  AnalysisRuns,
  AnalysisTemplates,
  ClusterAnalysisTemplates,
  type KubeObject,
  type Rollout,
  Rollouts,
} from '../../api/index.ts';
import type { Reader } from '../../kube/index.ts';
import {
  analysisPhases,
  infoPhase,
  metricPhase,
  metricType,
  rolloutPhases,
  strategyOf,
  trafficRouterOf,
} from './labels.ts';

/** Gauges of objects (OPS §8.1, §8.2): read from the caches whenever they are asked for, so that none outlives its object. */

/** A gauge that is filled when it is asked for. */
export function describe(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  fill: (gauge: Gauge) => void,
): void {
  const gauge: Gauge = new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    collect: () => {
      gauge.reset();
      fill(gauge);
    },
  });
}

export function describeObjects(registry: Registry, reader: Reader): void {
  describeRollouts(registry, () => reader.list(Rollouts));
  describeRuns(registry, () => reader.list(AnalysisRuns));
  describeTemplates(registry, reader);
}

const object = ['namespace', 'name'];

const labelsOf = ({ metadata }: KubeObject) => ({
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
});

function describeRollouts(registry: Registry, rollouts: () => readonly Rollout[]): void {
  const infoLabels = [...object, 'strategy', 'traffic_router', 'phase'];
  describe(registry, 'rollout_info', 'A Rollout.', infoLabels, (gauge) => {
    for (const rollout of rollouts()) {
      const labels = {
        strategy: strategyOf(rollout),
        traffic_router: trafficRouterOf(rollout),
        phase: infoPhase(rollout),
      };
      gauge.set({ ...labelsOf(rollout), ...labels }, 1);
    }
  });
  const phaseLabels = [...object, 'strategy', 'phase'];
  describe(registry, 'rollout_phase', 'Deprecated: see rollout_info.', phaseLabels, (gauge) => {
    for (const rollout of rollouts()) {
      for (const phase of rolloutPhases) {
        const labels = { ...labelsOf(rollout), strategy: strategyOf(rollout), phase };
        gauge.set(labels, Number(infoPhase(rollout) === phase));
      }
    }
  });
  const counts: Record<string, (rollout: Rollout) => number> = {
    desired: ({ spec }) => spec.replicas ?? 1,
    available: ({ status }) => status?.availableReplicas ?? 0,
    unavailable: ({ status }) => (status?.replicas ?? 0) - (status?.availableReplicas ?? 0),
    updated: ({ status }) => status?.updatedReplicas ?? 0,
  };
  for (const [which, count] of Object.entries(counts)) {
    describe(
      registry,
      `rollout_info_replicas_${which}`,
      `Pods of a Rollout that are ${which}.`,
      object,
      (gauge) => {
        for (const rollout of rollouts()) gauge.set(labelsOf(rollout), count(rollout));
      },
    );
  }
}

function describeRuns(registry: Registry, runs: () => readonly AnalysisRun[]): void {
  const phaseOf = ({ status }: AnalysisRun) => status?.phase || 'Pending';
  describe(registry, 'analysis_run_info', 'An AnalysisRun.', [...object, 'phase'], (gauge) => {
    for (const run of runs()) gauge.set({ ...labelsOf(run), phase: phaseOf(run) }, 1);
  });
  describe(
    registry,
    'analysis_run_phase',
    'Deprecated: see analysis_run_info.',
    [...object, 'phase'],
    (gauge) => {
      for (const run of runs()) {
        for (const phase of analysisPhases) {
          gauge.set({ ...labelsOf(run), phase }, Number(phaseOf(run) === phase));
        }
      }
    },
  );
  const typeLabels = [...object, 'metric', 'type'];
  describe(registry, 'analysis_run_metric_type', 'Provider of a metric.', typeLabels, (gauge) => {
    for (const run of runs()) {
      for (const metric of run.spec.metrics) {
        gauge.set({ ...labelsOf(run), metric: metric.name, type: metricType(metric) }, 1);
      }
    }
  });
  const metricLabels = [...typeLabels, 'dry_run', 'phase'];
  describe(registry, 'analysis_run_metric_phase', 'Phase of a metric.', metricLabels, (gauge) => {
    for (const run of runs()) {
      for (const metric of run.spec.metrics) {
        const dryRun = run.status?.metricResults?.find(({ name }) => name === metric.name)?.dryRun ?? false;
        const labels = { metric: metric.name, type: metricType(metric), dry_run: String(dryRun) };
        for (const phase of analysisPhases) {
          const isPhase = metricPhase(run, metric.name) === phase;
          gauge.set({ ...labelsOf(run), ...labels, phase }, Number(isPhase));
        }
      }
    }
  });
}

function describeTemplates(registry: Registry, reader: Reader): void {
  const templates = () => [...reader.list(AnalysisTemplates), ...reader.list(ClusterAnalysisTemplates)];
  describe(registry, 'analysis_template_info', 'A template.', object, (gauge) => {
    for (const template of templates()) gauge.set(labelsOf(template), 1);
  });
  const labels = [...object, 'type', 'metric'];
  describe(registry, 'analysis_template_metric_info', 'A metric of a template.', labels, (gauge) => {
    for (const template of templates()) {
      for (const metric of template.spec.metrics ?? []) {
        gauge.set({ ...labelsOf(template), type: metricType(metric), metric: metric.name }, 1);
      }
    }
  });
}
