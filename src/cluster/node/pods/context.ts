import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Logger } from 'pino';
import type { Clock, EventRecord } from '../../../api/index.ts';
import type { KubeClient } from '../../../kube/index.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { ServiceAddress, Sources } from './environment.ts';
import type { Capacity } from './fields.ts';

/** What the workers of all pods of a node share. */
export interface NodeContext {
  nodeName: string;
  hostIP: string;
  capacity: Capacity;
  /** Folder with one folder for each pod, by uid. */
  podsFolder: string;
  client: Pick<KubeClient, 'create' | 'patch' | 'delete'>;
  clock: Clock;
  log: Logger;
  sources: Sources;
  /** Variables that every program gets. */
  baseEnvironment: Readonly<Record<string, string>>;
  runtimeFor(pod: Pod): Runtime;
  /** Services whose addresses a pod of this namespace is told. */
  servicesFor(namespace: string): readonly ServiceAddress[];
  record(pod: Pod, event: EventRecord): void;
  /** Resolves when no Service offers the pod any more, or when the time is up. */
  untilUnoffered(pod: Pod, timeoutMs: number): Promise<void>;
}
