import type { MeasurementTask } from '../../src/analysis/index.ts';
import {
  type AnalysisRun,
  AnalysisRuns,
  Ingresses,
  POD_TEMPLATE_HASH_LABEL,
  ReplicaSets,
  type Rollout,
  Rollouts,
  Services,
} from '../../src/api/index.ts';
import { keyOf } from '../../src/kube/index.ts';
import type { ModelStore } from '../../src/simulation/index.ts';
import { name, namespace } from './objects.ts';
import type { Scenario } from './scenarios.ts';

/** R = 5 with the defaults of 25 %: S = 2, U = 1 (CAN §5.1). */
const replicas = 5;
const surge = 2;
const unavailable = 1;

/** What holds at every moment of every scenario, whatever fails. Throws when it does not. */
export class Invariants {
  readonly #store: ModelStore;
  readonly #scenario: Scenario;
  readonly #measurements = new Map<string, number>();
  #wasComplete = false;
  #stepIndex: number | undefined;
  #userHasActed = false;

  constructor(store: ModelStore, scenario: Scenario) {
    this.#store = store;
    this.#scenario = scenario;
  }

  /** A measurement was taken. */
  measured(run: AnalysisRun, { metricName }: MeasurementTask): void {
    const key = `${keyOf(run)} ${metricName}`;
    this.#measurements.set(key, (this.#measurements.get(key) ?? 0) + 1);
  }

  /** The next change of the step may be the user's doing. */
  userHasActed(): void {
    this.#userHasActed = true;
  }

  check(): void {
    const rollout = this.#store.get(Rollouts, namespace, name);
    if (!rollout) return;
    this.#checkPods();
    this.#checkReplicaSets();
    this.#checkTraffic();
    this.#checkSteps(rollout);
    for (const run of this.#store.list(AnalysisRuns)) this.#checkCounters(run);
  }

  /**
   * CAN-046, CAN-047: never below R − U available, once there were enough; never above R + S. With a router each
   * ReplicaSet has its own size, R at most (CAN-052): old ones may wait out their delay beside the others.
   */
  #checkPods(): void {
    const all = this.#store.list(ReplicaSets);
    const available = sum(all.map(({ status }) => status?.availableReplicas ?? 0));
    const wanted = all.map(({ spec }) => spec?.replicas ?? 0);
    const routed = this.#scenario.rollout.spec.strategy?.canary?.trafficRouting !== undefined;
    if (available >= replicas) this.#wasComplete = true;
    if (this.#wasComplete) holds(available >= replicas - unavailable, `${available} pods are available`);
    if (routed) holds(Math.max(0, ...wanted) <= replicas, `a ReplicaSet wants ${wanted.join(' or ')} pods`);
    else holds(sum(wanted) <= replicas + surge, `${wanted.join(' + ')} pods are wanted`);
  }

  /** No request fails: whichever Service gets traffic has pods that answer. */
  #checkTraffic(): void {
    const ingress = this.#store.list(Ingresses).find(({ metadata }) => metadata?.name?.endsWith('-canary'));
    if (!ingress || !this.#wasComplete) return;
    const weight = Number(ingress.metadata?.annotations?.['nginx.ingress.kubernetes.io/canary-weight']);
    const shares = { stable: 100 - weight, canary: weight };
    for (const [service, share] of Object.entries(shares)) {
      const hash = this.#store.get(Services, namespace, service)?.spec?.selector?.[POD_TEMPLATE_HASH_LABEL];
      if (share === 0 || hash === undefined) continue;
      const { status } = this.#store.get(ReplicaSets, namespace, `${name}-${hash}`) ?? {};
      holds(
        (status?.availableReplicas ?? 0) > 0,
        `${share} % of the requests go to ${service}, without a pod`,
      );
    }
  }

  /** One template has one ReplicaSet. */
  #checkReplicaSets(): void {
    const images = this.#store
      .list(ReplicaSets)
      .map(({ spec }) => spec?.template?.spec?.containers[0]?.image ?? '');
    holds(new Set(images).size === images.length, `several ReplicaSets of one template: ${images}`);
  }

  /** No step is skipped: the index moves on by one, or back to the start, or to the end of a rollback or promotion. */
  #checkSteps({ spec, status }: Rollout): void {
    const index = status?.currentStepIndex;
    const before = this.#stepIndex;
    if (index === before) return;
    this.#stepIndex = index;
    const steps = spec.strategy?.canary?.steps?.length ?? 0;
    const initial = before === undefined || (before === 0 && index === steps && !this.#userHasActed);
    const skip = this.#scenario.maySkipSteps === true && index === steps;
    if (initial || skip || index === 0) return;
    holds(index === before + 1, `step ${before} was followed by step ${index}`);
  }

  /** A measurement is counted once, and only if it was taken (ANA-031). */
  #checkCounters(run: AnalysisRun): void {
    for (const result of run.status?.metricResults ?? []) {
      const { count = 0, successful = 0, failed = 0, inconclusive = 0, error = 0 } = result;
      holds(
        count === successful + failed + inconclusive,
        `${run.metadata.name} counts ${count} measurements as ${successful} + ${failed} + ${inconclusive}`,
      );
      const taken = this.#measurements.get(`${keyOf(run)} ${result.name}`) ?? 0;
      holds(count + error <= taken, `${run.metadata.name} has ${count + error} of ${taken} measurements`);
    }
    holds(
      run.metadata.labels?.[POD_TEMPLATE_HASH_LABEL] !== undefined,
      `${run.metadata.name} is labelled with the hash`,
    );
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

function holds(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(`invariant violated: ${otherwise}`);
}
