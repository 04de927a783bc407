import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import type { AnalysisRun, AnalysisTemplate, Experiment, Rollout } from '../api/index.ts';

/** What the controller was started with that decisions depend on. */
export interface RolloutSettings {
  /** Label value put on children, so that another controller instance leaves them alone. */
  instanceId?: string | undefined;
}

/**
 * Everything that a decision about one Rollout depends on, but the time: a snapshot, never changed. Lists may hold
 * more than the Rollout's own objects; decide picks by owner, selector and name.
 */
export interface RolloutView {
  rollout: Rollout;
  /** Of the namespace: controlled by the Rollout, or matching its selector without a controller, or named `<rollout>-…`. */
  replicaSets: readonly ReplicaSet[];
  /** Owned by those ReplicaSets. */
  pods: readonly Pod[];
  /** Controlled by the Rollout, or named `<rollout>-…`. */
  analysisRuns: readonly AnalysisRun[];
  /** Controlled by the Rollout, or named `<rollout>-…`. */
  experiments: readonly Experiment[];
  /** By name: those that the spec names, and those whose managed-by annotation names the Rollout. */
  services: ReadonlyMap<string, Service>;
  /** By name: those that the spec names, and those controlled by the Rollout. */
  ingresses: ReadonlyMap<string, Ingress>;
  /** By name: those of the Rollout's namespace. */
  analysisTemplates: ReadonlyMap<string, AnalysisTemplate>;
  /** By name. */
  clusterAnalysisTemplates: ReadonlyMap<string, AnalysisTemplate>;
  settings: RolloutSettings;
}
