import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import {
  AnalysisRuns,
  Ingresses,
  Pods,
  ReplicaSets,
  type Rollout,
  Rollouts,
  Services,
} from '../../src/api/index.ts';
import type { ModelStore } from '../../src/simulation/index.ts';

const timeField = /(At|Time)$/;

/** A value without the members that hold times. */
function withoutTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !timeField.test(key))
      .map(([key, member]) => [key, withoutTimes(member)]),
  );
}

/** What is left when all has come to rest, without what depends on when it happened: the same after every fault. */
export function endState(store: ModelStore): unknown {
  return withoutTimes({
    rollouts: store.list(Rollouts).map(rolloutState),
    replicaSets: byName(store.list(ReplicaSets).map(replicaSetState)),
    pods: store.list(Pods).length,
    services: byName(
      store.list(Services).map(({ metadata, spec }) => ({
        name: metadata?.name,
        annotations: metadata?.annotations,
        selector: spec?.selector,
      })),
    ),
    ingresses: byName(
      store.list(Ingresses).map(({ metadata, spec }) => ({
        name: metadata?.name,
        annotations: metadata?.annotations,
        spec,
      })),
    ),
    runs: byName(
      store.list(AnalysisRuns).map(({ metadata, spec, status }) => ({
        name: metadata.name,
        labels: metadata.labels,
        terminate: spec.terminate,
        phase: status?.phase,
        message: status?.message,
      })),
    ),
  });
}

function rolloutState({ metadata, spec, status }: Rollout) {
  const conditions = [...(status?.conditions ?? [])].sort((a, b) => (a.type < b.type ? -1 : 1));
  return { annotations: metadata.annotations, spec, status: { ...status, conditions } };
}

function replicaSetState({ metadata, spec, status }: ReplicaSet) {
  return { name: metadata?.name, annotations: metadata?.annotations, replicas: spec?.replicas, status };
}

const byName = <T extends { name: string | undefined }>(objects: readonly T[]) =>
  [...objects].sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
