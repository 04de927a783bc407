import type { Deployment, DeploymentSpec, ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod, PodSpec, Service } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import { controllerReference, formatTime, type Instant, ReplicaSets } from '../../../api/index.ts';

/** Builders with good defaults: all in namespace `a`, selected by the label `app=x`. */

/** The time of the tests. */
export const NOW: Instant = Date.parse('2026-03-02T09:00:00Z');
export const ago = (seconds: number) => formatTime(NOW - seconds * 1000);

const labels = { app: 'x' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'image:1' }] } };

export function replicaSet(
  replicas: number,
  options: { metadata?: ObjectMeta; status?: ReplicaSet['status']; minReadySeconds?: number } = {},
): ReplicaSet {
  const { metadata, status, minReadySeconds } = options;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: 'rs',
      namespace: 'a',
      uid: 'uid-rs',
      resourceVersion: '1',
      generation: 1,
      labels,
      ...metadata,
    },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template,
      ...(minReadySeconds && { minReadySeconds }),
    },
    ...(status && { status }),
  };
}

export interface PodOptions {
  metadata?: ObjectMeta;
  spec?: Partial<PodSpec>;
  phase?: string;
  ip?: string;
  /** For how many seconds it has been ready; undefined: it is not. */
  readyFor?: number | undefined;
  restarts?: number;
  owner?: ReplicaSet | undefined;
}

let next = 1;

/** A pod that runs on node `n`. */
export function pod(name: string, options: PodOptions = {}): Pod {
  const { metadata, spec, phase = 'Running', readyFor, restarts, owner } = options;
  const status = readyFor === undefined ? 'False' : 'True';
  return {
    metadata: {
      name,
      namespace: 'a',
      uid: `uid-${name}`,
      resourceVersion: '1',
      labels,
      ...(owner && { ownerReferences: [controllerReference(ReplicaSets, owner)] }),
      ...metadata,
    },
    spec: {
      containers: [{ name: 'main', ports: [{ name: 'http', containerPort: 8080 }] }],
      nodeName: 'n',
      ...spec,
    },
    status: {
      phase,
      podIP: options.ip ?? `10.0.0.${next++}`,
      conditions: [{ type: 'Ready', status, lastTransitionTime: ago(readyFor ?? 0) }],
      ...(restarts && {
        containerStatuses: [
          { name: 'main', image: '', imageID: '', ready: true, started: true, restartCount: restarts },
        ],
      }),
    },
  };
}

export function deployment(
  replicas: number,
  spec: Partial<DeploymentSpec> = {},
  metadata: ObjectMeta = {},
): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace: 'a', uid: 'uid-d', resourceVersion: '1', generation: 1, ...metadata },
    spec: { replicas, selector: { matchLabels: labels }, template, progressDeadlineSeconds: 600, ...spec },
  };
}

export function service(spec: Service['spec'] = {}): Service {
  return {
    metadata: { name: 's', namespace: 'a', uid: 'uid-s', labels: { team: 't' } },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }], ...spec },
  };
}
