import type { Container, Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Instant } from '../../../api/index.ts';
import { groupPods } from './groups.ts';
import { milliValue } from './quantities.ts';
import { MetricError, type Reading } from './readings.ts';

/** Within which shares above and below the target nothing changes. */
export interface Tolerance {
  up: number;
  down: number;
}

/** What a metric asks for. */
export interface Proposal {
  replicas: number;
  /** Average of the pods that were measured, in thousandths. */
  averageMilli: number;
  /** The same as percent of what they request. */
  utilization?: number;
}

export interface ResourceQuestion {
  resource: string;
  /** Undefined: all containers of a pod together. */
  container: string | undefined;
  readings: ReadonlyMap<string, Reading>;
  pods: readonly Pod[];
  tolerance: Tolerance;
  /** `spec.replicas` of the target. */
  currentReplicas: number;
  now: Instant;
}

/**
 * How many replicas bring the pods' average to a share of their requests.
 * @throws MetricError
 */
export function replicasForUtilization(question: ResourceQuestion, targetPercent: number): Proposal {
  const { pods, resource, container } = question;
  requirePods(pods);
  const requests = new Map(
    pods.map((pod) => [pod.metadata?.name ?? '', requestOf(pod, resource, container)]),
  );
  const ratio = (usage: ReadonlyMap<string, number>) => {
    const known = [...usage].filter(([name]) => requests.has(name));
    const total = known.reduce((sum, [, milli]) => sum + milli, 0);
    const requested = known.reduce((sum, [name]) => sum + (requests.get(name) ?? 0), 0);
    if (requested === 0) throw new MetricError('no metrics returned matched known pods');
    const utilization = Math.trunc((total * 100) / requested);
    return {
      ratio: utilization / targetPercent,
      utilization,
      averageMilli: Math.trunc(total / known.length),
    };
  };
  // Who is not measured is taken to use all it requests, or the target where that is more.
  const full = Math.max(100, targetPercent);
  return calculate(question, ratio, (name) => Math.trunc(((requests.get(name) ?? 0) * full) / 100));
}

/**
 * How many replicas bring the pods' average to a value.
 * @throws MetricError
 */
export function replicasForAverage(question: ResourceQuestion, targetMilli: number): Proposal {
  requirePods(question.pods);
  const ratio = (usage: ReadonlyMap<string, number>) => {
    const total = [...usage.values()].reduce((sum, milli) => sum + milli, 0);
    const averageMilli = Math.trunc(total / usage.size);
    return { ratio: averageMilli / targetMilli, averageMilli };
  };
  return calculate(question, ratio, () => targetMilli);
}

interface Ratio extends Omit<Proposal, 'replicas'> {
  /** Usage over target. */
  ratio: number;
}

/**
 * Pods that are not measured hold the change back: on the way down they are taken to use all that they may, on the way
 * up, as those that are not ready, to use nothing. They never turn its direction.
 */
function calculate(
  { pods, readings, resource, tolerance, currentReplicas, now }: ResourceQuestion,
  ratioOf: (usage: ReadonlyMap<string, number>) => Ratio,
  fullUsage: (name: string) => number,
): Proposal {
  const groups = groupPods(pods, readings, resource, now);
  const usage = new Map([...readings].map(([name, { milli }]) => [name, milli]));
  for (const name of [...groups.ignored, ...groups.unready]) usage.delete(name);
  if (usage.size === 0) {
    throw new MetricError('did not receive metrics for targeted pods (pods might be unready)');
  }
  const { ratio, ...measured } = ratioOf(usage);
  const proposal = (replicas: number): Proposal => ({ replicas, ...measured });
  const countsUnready = groups.unready.length > 0 && ratio > 1;
  if (!countsUnready && groups.missing.length === 0) {
    return proposal(isWithin(tolerance, ratio) ? currentReplicas : Math.ceil(round(ratio * groups.ready)));
  }
  if (ratio !== 1) {
    for (const name of groups.missing) usage.set(name, ratio < 1 ? fullUsage(name) : 0);
  }
  if (countsUnready) for (const name of groups.unready) usage.set(name, 0);
  const careful = ratioOf(usage).ratio;
  const turned = (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1);
  if (isWithin(tolerance, careful) || turned) return proposal(currentReplicas);
  const replicas = Math.ceil(round(careful * usage.size));
  const against = (careful < 1 && replicas > currentReplicas) || (careful > 1 && replicas < currentReplicas);
  return proposal(against ? currentReplicas : replicas);
}

/** Without the last digits, in which 1.1 − 1 is more than 0.1. */
const round = (value: number) => Number(value.toPrecision(12));

function isWithin({ up, down }: Tolerance, ratio: number): boolean {
  return round(1 - ratio) <= down && round(ratio - 1) <= up;
}

function requirePods(pods: readonly Pod[]): void {
  if (pods.length === 0) {
    throw new MetricError('no pods returned by selector while calculating replica count');
  }
}

/** @throws MetricError when a container that counts says nothing */
function requestOf(pod: Pod, resource: string, container: string | undefined): number {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...containers, ...sidecars]
    .filter(({ name }) => container === undefined || name === container)
    .reduce((sum, each) => sum + containerRequest(each, resource, pod), 0);
}

function containerRequest({ name, resources }: Container, resource: string, pod: Pod): number {
  const request = milliValue(resources?.requests?.[resource]);
  if (request !== undefined) return request;
  throw new MetricError(`missing request for ${resource} in container ${name} of Pod ${pod.metadata?.name}`);
}
