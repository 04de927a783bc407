import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HorizontalPodAutoscalerStatus,
  MetricSpec,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { Deployments, formatTime, type Instant } from '../../../api/index.ts';
import { ago, NOW, pod } from '../testing/objects.ts';
import type { AutoscalerView } from './decide.ts';
import { type History, NO_HISTORY } from './history.ts';
import type { PodMetrics } from './readings.ts';

/** Builders for views of an autoscaler `h` of a Deployment `d` whose pods are called p0, p1 … and request 100m. */

export const cpu = (averageUtilization: number): MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

export const averageOf = (name: string, averageValue: string): MetricSpec => ({
  type: 'Resource',
  resource: { name, target: { type: 'AverageValue', averageValue } },
});

export interface PodState {
  /** `250m`; undefined: not measured. */
  uses?: string;
  memory?: string;
  ready?: boolean;
  phase?: string;
  terminating?: boolean;
  /** Seconds since its start. Default: an hour. */
  age?: number;
  /** Seconds since its readiness changed. Default: its age. */
  since?: number;
  /** Absent: 100m. Empty: none. */
  requests?: string;
}

export interface ViewOptions {
  spec?: Partial<HorizontalPodAutoscalerSpec>;
  status?: HorizontalPodAutoscalerStatus;
  /** `spec.replicas` of the target. Default: the number of pods. */
  replicas?: number;
  history?: History;
  change?: Partial<AutoscalerView>;
}

export function view(pods: readonly PodState[], options: ViewOptions = {}): AutoscalerView {
  const { replicas = pods.length, history = NO_HISTORY, change } = options;
  const autoscaler: HorizontalPodAutoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h', namespace: 'a', uid: 'uid-h' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      minReplicas: 1,
      maxReplicas: 100,
      metrics: [cpu(50)],
      ...options.spec,
    },
    ...(options.status && { status: options.status }),
  };
  const metadata = { name: 'd', namespace: 'a', resourceVersion: '7' };
  const scale = { metadata, spec: { replicas }, status: { replicas, selector: 'app=x' } };
  return {
    autoscaler,
    target: { type: Deployments, scale },
    pods: { pods: pods.map(podOf) },
    selectedBy: ['a/h'],
    metrics: { items: pods.flatMap((state, i) => metricsOf(state, i) ?? []) },
    history,
    ...change,
  };
}

function podOf(state: PodState, i: number): Pod {
  const { ready = true, phase = 'Running', terminating, age = 3600, since = age, requests = '100m' } = state;
  const built = pod(`p${i}`, {
    phase,
    metadata: terminating ? { deletionTimestamp: ago(1) } : {},
    spec: {
      containers: [{ name: 'main', resources: { requests: requests ? { cpu: requests } : {} } }],
    },
  });
  const condition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(since) };
  return { ...built, status: { ...built.status, startTime: ago(age), conditions: [condition] } };
}

function metricsOf({ uses, memory = '1Mi' }: PodState, i: number): PodMetrics | undefined {
  if (uses === undefined) return undefined;
  return {
    metadata: { name: `p${i}`, namespace: 'a' },
    timestamp: formatTime(NOW),
    window: '15s',
    containers: [{ name: 'main', usage: { cpu: uses, memory } }],
  };
}

/** The same state for several pods. */
export const times = (count: number, state: PodState): PodState[] =>
  Array.from({ length: count }, () => state);

/** Recommendations by how many seconds ago they were made. */
export const recommended = (...list: [secondsAgo: number, replicas: number][]): History => ({
  recommendations: list.map(([seconds, replicas]) => ({ replicas, at: before(seconds) })),
  changes: [],
});

/** Changes of the size by how many seconds ago they were made. */
export const changed = (...list: [secondsAgo: number, by: number][]): History => ({
  recommendations: [],
  changes: list.map(([seconds, by]) => ({ by, at: before(seconds) })),
});

const before = (seconds: number): Instant => NOW - seconds * 1000;
