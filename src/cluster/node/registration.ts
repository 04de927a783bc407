import { availableParallelism, totalmem } from 'node:os';
import type { Node, NodeCondition } from 'kubernetes-types/core/v1.d.ts';
import type { Logger } from 'pino';
import { type Clock, formatMicroTime, formatTime, Leases, Nodes } from '../../api/index.ts';
import { isNotFound, type KubeClient } from '../../kube/index.ts';
import { architecture, machineInfo } from './machine.ts';
import type { Capacity } from './pods/fields.ts';

const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;
/** The status says at least this often that the node is well. */
const STATUS_MS = 300_000;
const LEASE_NAMESPACE = 'kube-node-lease';
const MAX_PODS = '10000';

export interface RegistrationOptions {
  client: KubeClient;
  clock: Clock;
  log: Logger;
  nodeName: string;
  hostIP: string;
  kubeletPort: number;
  podCidr: string;
  capacity: Capacity;
  version: string;
}

export function machineCapacity(): Capacity {
  return { cpu: availableParallelism(), memory: totalmem() };
}

/** Makes the Node known and keeps it ready: its status, and a Lease that is renewed. */
export class Registration {
  readonly #options: RegistrationOptions;
  #timer: NodeJS.Timeout | undefined;
  #statusWrittenAt = 0;
  #stopped = false;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#ensureNode();
    await this.#beat();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #beat(): Promise<void> {
    const { log, clock } = this.#options;
    try {
      await this.#renewLease();
      if (clock() - this.#statusWrittenAt >= STATUS_MS || !(await this.#isKnownReady())) {
        await this.#ensureNode();
      }
    } catch (error) {
      if (!this.#stopped) log.warn({ err: error }, 'cannot renew the lease of the node');
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#beat(), RENEW_MS).unref();
  }

  /** False: somebody has deleted the Node, or taken this agent for gone. */
  async #isKnownReady(): Promise<boolean> {
    const { client, nodeName } = this.#options;
    const live = await orMissing(client.get({ type: Nodes, name: nodeName }));
    return (
      live?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
    );
  }

  async #ensureNode(): Promise<void> {
    const { client, nodeName, clock } = this.#options;
    const live = await orMissing(client.get({ type: Nodes, name: nodeName }));
    const node = live ?? (await client.create(Nodes, this.#node()));
    await client.patch(
      { type: Nodes, name: nodeName },
      'merge',
      { status: this.#status(node) },
      { subresource: 'status' },
    );
    this.#statusWrittenAt = clock();
  }

  #node(): Node {
    const { nodeName, podCidr } = this.#options;
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: nodeName,
        labels: {
          'kubernetes.io/hostname': nodeName,
          'kubernetes.io/os': process.platform,
          'kubernetes.io/arch': architecture(),
        },
      },
      spec: { podCIDR: podCidr, podCIDRs: [podCidr] },
    };
  }

  #status(node: Node): Node['status'] {
    const { capacity, hostIP, nodeName, kubeletPort, version } = this.#options;
    const amounts = {
      cpu: String(capacity.cpu),
      memory: `${Math.floor(capacity.memory / 1024)}Ki`,
      pods: MAX_PODS,
    };
    return {
      capacity: amounts,
      allocatable: amounts,
      conditions: this.#conditions(node),
      addresses: [
        { type: 'InternalIP', address: hostIP },
        { type: 'Hostname', address: nodeName },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
      nodeInfo: {
        ...machineInfo(),
        containerRuntimeVersion: `kanari://${version}`,
        kubeProxyVersion: '',
        kubeletVersion: 'v1.34.0-kanari',
      },
    };
  }

  #conditions(node: Node): NodeCondition[] {
    const now = formatTime(this.#options.clock());
    const states: [string, string, string, string][] = [
      ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
      ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
      ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
      ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
    ];
    return states.map(([type, status, reason, message]) => {
      const earlier = node.status?.conditions?.find((condition) => condition.type === type);
      const since = earlier?.status === status ? earlier.lastTransitionTime : undefined;
      return { type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime: since ?? now };
    });
  }

  async #renewLease(): Promise<void> {
    const { client, nodeName, clock } = this.#options;
    const ref = { type: Leases, namespace: LEASE_NAMESPACE, name: nodeName };
    const spec = {
      holderIdentity: nodeName,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: formatMicroTime(clock()),
    };
    const renewed = await orMissing(client.patch(ref, 'merge', { spec }));
    if (renewed) return;
    const metadata = { name: nodeName, namespace: LEASE_NAMESPACE };
    await client.create(Leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
  }
}

async function orMissing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
