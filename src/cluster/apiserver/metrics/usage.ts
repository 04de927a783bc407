import type { Node, Pod } from 'kubernetes-types/core/v1.d.ts';
import { formatTime, type Instant, type KubeObject, parseTime } from '../../../api/index.ts';

/** CPU in nanocores (`12n`) and memory in kibibytes (`8Ki`), as metrics-server writes them. */
export interface Usage {
  cpu: string;
  memory: string;
}

export interface NodeMetrics extends KubeObject {
  timestamp: string;
  window: string;
  usage: Usage;
}

export interface PodMetrics extends KubeObject {
  timestamp: string;
  window: string;
  containers: { name: string; usage: Usage }[];
}

/** What is read of a node agent's `/stats/summary`; its values may be missing while nothing is measured yet. */
export interface Summary {
  node?: Stats;
  pods?: PodStats[];
}

export interface PodStats {
  podRef: { name: string; namespace: string; uid?: string };
  containers?: (Stats & { name: string })[];
}

interface Stats {
  cpu?: { time?: string; usageNanoCores?: number; windowMilliseconds?: number };
  memory?: { workingSetBytes?: number };
}

/** A kubelet does not say over which time it averages; it looks about this often. */
const KUBELET_WINDOW_MS = 10_000;

interface Measured {
  at: Instant;
  windowMs: number;
  usage: Usage;
}

/** Undefined while there is nothing measured of the node. */
export function nodeMetricsOf(node: Node, summary: Summary, now: Instant): NodeMetrics | undefined {
  const measured = measuredOf(summary.node);
  if (!measured) return undefined;
  const { name, labels } = node.metadata ?? {};
  return {
    metadata: metadataOf({ name, labels }, now),
    timestamp: formatTime(measured.at),
    window: formatWindow(measured.windowMs),
    usage: measured.usage,
  };
}

/** Undefined while not all containers that the agent tells of have been measured. */
export function podMetricsOf(pod: Pod, stats: PodStats, now: Instant): PodMetrics | undefined {
  const containers = (stats.containers ?? []).map((each) => ({
    name: each.name,
    measured: measuredOf(each),
  }));
  const all = containers.flatMap(({ measured }) => measured ?? []);
  if (all.length === 0 || all.length < containers.length) return undefined;
  const { name, namespace, labels } = pod.metadata ?? {};
  return {
    metadata: metadataOf({ name, namespace, labels }, now),
    timestamp: formatTime(Math.min(...all.map(({ at }) => at))),
    window: formatWindow(Math.max(...all.map(({ windowMs }) => windowMs))),
    containers: containers.flatMap(({ name, measured }) =>
      measured ? [{ name, usage: measured.usage }] : [],
    ),
  };
}

function metadataOf(
  {
    name,
    namespace,
    labels,
  }: {
    name?: string | undefined;
    namespace?: string | undefined;
    labels?: Record<string, string> | undefined;
  },
  now: Instant,
) {
  return {
    ...(name && { name }),
    ...(namespace && { namespace }),
    creationTimestamp: formatTime(now),
    ...(labels && { labels }),
  };
}

function measuredOf(stats: Stats | undefined): Measured | undefined {
  const { time, usageNanoCores, windowMilliseconds = KUBELET_WINDOW_MS } = stats?.cpu ?? {};
  const bytes = stats?.memory?.workingSetBytes;
  const at = parseTime(time);
  if (at === undefined || usageNanoCores === undefined || bytes === undefined) return undefined;
  const usage = { cpu: `${Math.round(usageNanoCores)}n`, memory: `${Math.ceil(bytes / 1024)}Ki` };
  return { at, windowMs: windowMilliseconds, usage };
}

/** A Go duration: `15.012s`, `1m30s`, `2h0m0s`. */
export function formatWindow(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${Number(((ms % 60_000) / 1000).toFixed(3))}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
