import { formatTime, type Instant } from '../../../api/index.ts';
import type { Measurement } from './meter.ts';
import type { NodeReport, PodReport } from './sampler.ts';

/** The answer to `/stats/summary` in kubelet's form, as far as it is measured here. */
export function statsSummary({ node, pods }: NodeReport) {
  const { measurement, memoryCapacityBytes } = node;
  return {
    node: {
      nodeName: node.name,
      startTime: formatTime(node.startedAt),
      ...(measurement && {
        cpu: cpuStats(measurement),
        memory: {
          ...memoryStats(measurement),
          availableBytes: memoryCapacityBytes - measurement.memoryBytes,
        },
      }),
    },
    pods: pods.map((pod) => {
      const sum = total(pod);
      return {
        podRef: { name: pod.name, namespace: pod.namespace, uid: pod.uid },
        startTime: formatTime(pod.startedAt),
        containers: pod.containers.map(({ name, startedAt, measurement: own }) => ({
          name,
          startTime: formatTime(startedAt),
          cpu: cpuStats(own),
          memory: memoryStats(own),
        })),
        cpu: cpuStats(sum),
        memory: memoryStats(sum),
      };
    }),
  };
}

export type StatsSummary = ReturnType<typeof statsSummary>;

const cpuStats = ({ at, windowMs, cpuNanocores, cpuNanoseconds }: Measurement) => ({
  time: new Date(at).toISOString(),
  usageNanoCores: cpuNanocores,
  usageCoreNanoSeconds: Math.round(cpuNanoseconds),
  // Not in kubelet's form: over which time the nanocores are averaged, for metrics.k8s.io.
  windowMilliseconds: windowMs,
});

/** There is no page cache of a process's own: what is resident is the working set. */
const memoryStats = ({ at, memoryBytes }: Measurement) => ({
  time: new Date(at).toISOString(),
  usageBytes: memoryBytes,
  workingSetBytes: memoryBytes,
  rssBytes: memoryBytes,
});

/** Of the containers together; as old as the oldest of them. */
function total({ containers }: PodReport): Measurement {
  const all = containers.map(({ measurement }) => measurement);
  const sum = (of: (measurement: Measurement) => number) => all.reduce((n, each) => n + of(each), 0);
  return {
    at: Math.min(...all.map(({ at }) => at)),
    windowMs: Math.max(...all.map(({ windowMs }) => windowMs)),
    cpuNanocores: sum(({ cpuNanocores }) => cpuNanocores),
    cpuNanoseconds: sum(({ cpuNanoseconds }) => cpuNanoseconds),
    memoryBytes: sum(({ memoryBytes }) => memoryBytes),
  };
}

/** The answer to `/metrics/resource`: the same for Prometheus, under kubelet's names. */
export function resourceMetrics({ node, pods }: NodeReport): string {
  const series: Record<string, Series> = {
    node_cpu_usage_seconds_total: { help: 'CPU time used by the node, in core-seconds', type: 'counter' },
    node_memory_working_set_bytes: { help: 'Working set of the node in bytes', type: 'gauge' },
    pod_cpu_usage_seconds_total: { help: 'CPU time used by the pod, in core-seconds', type: 'counter' },
    pod_memory_working_set_bytes: { help: 'Working set of the pod in bytes', type: 'gauge' },
    container_cpu_usage_seconds_total: {
      help: 'CPU time used by the container, in core-seconds',
      type: 'counter',
    },
    container_memory_working_set_bytes: { help: 'Working set of the container in bytes', type: 'gauge' },
    container_start_time_seconds: {
      help: 'Start time of the container since the Unix epoch in seconds',
      type: 'gauge',
    },
    resource_scrape_error: {
      help: '1 if there was an error while getting the metrics, 0 otherwise',
      type: 'gauge',
    },
  };
  const lines = new Map(Object.keys(series).map((name) => [name, [] as string[]]));
  const add = (name: string, labels: Record<string, string>, value: number, at?: Instant) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
    const suffix = at === undefined ? '' : ` ${at}`;
    lines.get(name)?.push(`${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}${suffix}`);
  };
  const addBoth = (of: string, labels: Record<string, string>, measurement: Measurement) => {
    const { at, cpuNanoseconds, memoryBytes } = measurement;
    add(`${of}_cpu_usage_seconds_total`, labels, cpuNanoseconds / 1e9, at);
    add(`${of}_memory_working_set_bytes`, labels, memoryBytes, at);
  };
  if (node.measurement) addBoth('node', {}, node.measurement);
  for (const pod of pods) {
    const labels = { namespace: pod.namespace, pod: pod.name };
    addBoth('pod', labels, total(pod));
    for (const { name, startedAt, measurement } of pod.containers) {
      addBoth('container', { container: name, ...labels }, measurement);
      add('container_start_time_seconds', { container: name, ...labels }, startedAt / 1000);
    }
  }
  add('resource_scrape_error', {}, 0);
  return [...lines]
    .filter(([, values]) => values.length > 0)
    .flatMap(([name, values]) => [
      `# HELP ${name} ${series[name]?.help}`,
      `# TYPE ${name} ${series[name]?.type}`,
      ...values,
    ])
    .map((line) => `${line}\n`)
    .join('');
}

interface Series {
  help: string;
  type: 'counter' | 'gauge';
}
