import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import {
  type AnalysisRun,
  type Experiment,
  type KubeObject,
  mergePatch,
  POD_TEMPLATE_HASH_LABEL,
  REVISION_ANNOTATION,
  type Rollout,
} from '../../api/index.ts';
import { NOW } from './run.ts';

/** Objects with good defaults; a test names what matters to it. */

type Deep<T> = T extends (infer E)[] ? Deep<E>[] : T extends object ? { [K in keyof T]?: Deep<T[K]> } : T;

/** The RFC 3339 time so many seconds before the present of the tests. */
const ago = (seconds: number) => `${new Date(NOW - seconds * 1000).toISOString().slice(0, 19)}Z`;

const DAY = 24 * 3600;
export const days = (count: number) => count * DAY;

function ownedBy(owner: KubeObject) {
  const { name = '', uid = '' } = owner.metadata ?? {};
  return { apiVersion: owner.apiVersion ?? '', kind: owner.kind ?? '', name, uid, controller: true };
}

export function rollout(name: string, change: Deep<Omit<Rollout, 'apiVersion' | 'kind'>> = {}): Rollout {
  const base: Rollout = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      generation: 1,
      creationTimestamp: ago(days(41)) as never,
    },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'app', image: `registry.example/${name}:1` }] },
      },
      strategy: { canary: {} },
    },
    status: { observedGeneration: '1', phase: 'Healthy' },
  };
  return mergePatch(base, change);
}

export interface ReplicaSetOptions {
  revision?: number;
  hash?: string;
  image?: string;
  replicas?: number;
  ageSeconds?: number;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
}

export function replicaSet(owner: KubeObject, suffix: string, options: ReplicaSetOptions = {}): ReplicaSet {
  const { revision, hash = suffix, image = 'image', replicas = 1, ageSeconds = days(3) } = options;
  const name = `${owner.metadata?.name}-${suffix}`;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      generation: 1,
      creationTimestamp: ago(ageSeconds) as never,
      labels: { app: owner.metadata?.name ?? '', [POD_TEMPLATE_HASH_LABEL]: hash, ...options.labels },
      annotations: {
        ...(revision !== undefined && { [REVISION_ANNOTATION]: String(revision) }),
        ...options.annotations,
      },
      ownerReferences: [ownedBy(owner)],
    },
    spec: {
      replicas,
      selector: { matchLabels: { app: owner.metadata?.name ?? '' } },
      template: {
        metadata: { labels: { app: owner.metadata?.name ?? '', [POD_TEMPLATE_HASH_LABEL]: hash } },
        spec: { containers: [{ name: 'app', image }] },
      },
    },
    status: { replicas, availableReplicas: replicas, readyReplicas: replicas, observedGeneration: 1 },
  };
}

export function pod(
  owner: KubeObject,
  suffix: string,
  options: {
    ageSeconds?: number;
    restarts?: number;
    containers?: number;
    labels?: Record<string, string>;
  } = {},
): Pod {
  const { ageSeconds = days(3), restarts = 0, containers = 1 } = options;
  const name = `${owner.metadata?.name}-${suffix}`;
  const names = Array.from({ length: containers }, (_, index) => `c${index}`);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      creationTimestamp: ago(ageSeconds) as never,
      labels: owner.metadata?.labels,
      ownerReferences: [ownedBy(owner)],
    },
    spec: { containers: names.map((each) => ({ name: each })) },
    status: {
      phase: 'Running',
      containerStatuses: names.map((each, index) => ({
        name: each,
        image: '',
        imageID: '',
        ready: true,
        restartCount: index === 0 ? restarts : 0,
        state: { running: {} },
      })),
    },
  };
}

export function analysisRun(
  owner: KubeObject,
  suffix: string,
  options: { revision?: number; ageSeconds?: number; status?: Deep<AnalysisRun['status']> } = {},
): AnalysisRun {
  const { revision, ageSeconds = 60, status = { phase: 'Running' } } = options;
  const name = `${owner.metadata?.name}-${suffix}`;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      creationTimestamp: ago(ageSeconds) as never,
      annotations: revision === undefined ? {} : { [REVISION_ANNOTATION]: String(revision) },
      ownerReferences: [ownedBy(owner)],
    },
    spec: { metrics: [{ name: 'rate', provider: {} }] },
    status: status as AnalysisRun['status'],
  };
}

export function experiment(
  owner: KubeObject | undefined,
  name: string,
  change: Deep<Omit<Experiment, 'apiVersion' | 'kind'>> = {},
): Experiment {
  const base: Experiment = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      creationTimestamp: ago(95) as never,
      ...(owner && { ownerReferences: [ownedBy(owner)] }),
    },
    spec: { templates: [] },
    status: { phase: 'Running' },
  };
  return mergePatch(base, change);
}
