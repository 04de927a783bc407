import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import {
  type AnalysisRun,
  AnalysisRuns,
  type AnalysisTemplate,
  API_VERSION,
  type CanaryStep,
  type CanaryStrategy,
  controllerOf,
  controllerReference,
  type Decision,
  type Effect,
  type EventRecord,
  equal,
  formatTime,
  Ingresses,
  type Instant,
  type KubeObject,
  mergePatch,
  Pods,
  parseTime,
  ReplicaSets,
  type Rollout,
  type RolloutSpec,
  type RolloutStatus,
  Rollouts,
  Services,
} from '../api/index.ts';
import { decideRollout } from './decide.ts';
import type { RolloutView } from './view.ts';

/** Builders and a tiny cluster for tests: applies decisions to a view, on a virtual clock. */

export const setWeight = (weight: number): CanaryStep => ({ setWeight: weight });
export const pause = (duration?: number | string): CanaryStep => ({
  pause: duration === undefined ? {} : { duration },
});
export const analysis = (templateName: string): CanaryStep => ({
  analysis: { templates: [{ templateName }] },
});

export interface RolloutOptions {
  name?: string;
  replicas?: number | undefined;
  steps?: CanaryStep[];
  image?: string;
  canary?: CanaryStrategy;
  spec?: RolloutSpec;
}

export function rollout(options: RolloutOptions = {}): Rollout {
  const { name = 'demo', image = 'app:1', steps, canary, spec } = options;
  const replicas = 'replicas' in options ? options.replicas : 5;
  return {
    apiVersion: API_VERSION,
    kind: 'Rollout',
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, generation: 1, resourceVersion: '1' },
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'app', image }] },
      },
      strategy: { canary: { ...(steps && { steps }), ...canary } },
      ...spec,
    },
  };
}

export function service(name: string, selector: Record<string, string> = { app: 'demo' }): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec: { selector } };
}

export function ingress(name: string, backend: string): Ingress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'shop', uid: `uid-${name}` },
    spec: {
      ingressClassName: 'nginx',
      rules: [
        {
          host: 'shop.local',
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name: backend, port: { number: 80 } } },
              },
            ],
          },
        },
      ],
    },
  };
}

export function analysisTemplate(name: string): AnalysisTemplate {
  return {
    apiVersion: API_VERSION,
    kind: 'AnalysisTemplate',
    metadata: { name, namespace: 'shop' },
    spec: { metrics: [{ name: 'ok', count: 1, provider: { web: { url: 'http://x' } } }] },
  };
}

export const START: Instant = Date.parse('2026-03-02T09:00:00Z');
const MAX_PASSES = 300;

/** A write whose precondition fails: the pass was made on something that has changed. */
class PreconditionError extends Error {
  override name = 'PreconditionError';
}

/** One Rollout with what belongs to it, in a namespace where pods become ready after a while. */
export class Scenario {
  now = START;
  rollout: Rollout;
  readonly events: EventRecord[] = [];
  /** Sizes of all ReplicaSets after each pass that changed them, as `stable/canary`. */
  readonly sizes: string[] = [];
  readonly effects: string[] = [];
  /** Time from creation to readiness. */
  readyAfterMs = 2000;
  /** Images whose pods never become ready. */
  readonly broken = new Set<string>();
  readonly services = new Map<string, Service>();
  readonly ingresses = new Map<string, Ingress>();
  readonly templates = new Map<string, AnalysisTemplate>();
  last: Decision<RolloutStatus> = { effects: [], events: [], because: [] };
  /** Called after each pass that changed something. */
  check: (() => void) | undefined;
  /** Writes so far, effects and status. */
  writes = 0;
  /** The controller dies before this write, once; it then starts again. */
  crashAtWrite: number | undefined;
  readonly #objects = new Map<string, KubeObject>();
  #version = 10;
  #podCount = 0;

  constructor(subject: Rollout) {
    this.rollout = subject;
  }

  get status(): RolloutStatus {
    return this.rollout.status ?? {};
  }
  get replicaSets(): ReplicaSet[] {
    return this.#all<ReplicaSet>(ReplicaSets.plural);
  }
  get pods(): Pod[] {
    return this.#all<Pod>(Pods.plural);
  }
  get runs(): AnalysisRun[] {
    return this.#all<AnalysisRun>(AnalysisRuns.plural);
  }
  get view(): RolloutView {
    return {
      rollout: this.rollout,
      replicaSets: this.replicaSets,
      pods: this.pods,
      analysisRuns: this.runs,
      experiments: [],
      services: this.services,
      ingresses: this.ingresses,
      analysisTemplates: this.templates,
      clusterAnalysisTemplates: new Map(),
      settings: {},
    };
  }
  reasons(): string[] {
    return this.events.map(({ reason }) => reason);
  }
  /** `image=size` of every ReplicaSet with pods, oldest first. */
  layout(): Record<string, number> {
    return Object.fromEntries(
      this.replicaSets
        .filter((rs) => (rs.spec?.replicas ?? 0) > 0)
        .map((rs) => [rs.spec?.template?.spec?.containers[0]?.image ?? '', rs.spec?.replicas ?? 0]),
    );
  }
  replicaSetOf(image: string): ReplicaSet | undefined {
    return this.replicaSets.find((rs) => rs.spec?.template?.spec?.containers[0]?.image === image);
  }

  /** A user's change of the spec. */
  edit(patch: Record<string, unknown>): this {
    this.rollout = this.#changed(this.rollout, { spec: patch }, true);
    return this;
  }
  setImage(image: string): this {
    return this.edit({ template: { spec: { containers: [{ name: 'app', image }] } } });
  }
  /** A user's change of the status, as the commands make it. */
  patchStatus(patch: Record<string, unknown>): this {
    this.rollout = this.#changed(this.rollout, { status: patch }, false);
    return this;
  }
  put(plural: string, object: KubeObject): this {
    this.#objects.set(`${plural}/${object.metadata?.name}`, object);
    return this;
  }
  remove(plural: string, name: string): this {
    this.#objects.delete(`${plural}/${name}`);
    return this;
  }
  finishRun(
    name: string,
    phase: 'Successful' | 'Failed' | 'Error' | 'Inconclusive' | 'Running',
    message?: string,
  ): this {
    const run = this.runs.find(({ metadata }) => metadata.name === name);
    if (!run) throw new Error(`no run ${name}; there are ${this.runs.map((r) => r.metadata.name)}`);
    return this.put(AnalysisRuns.plural, {
      ...run,
      status: { phase, ...(message && { message }) },
    } as AnalysisRun);
  }

  /** Passes and pods until nothing changes any more at this instant. */
  settle(): this {
    for (let i = 0; i < MAX_PASSES; i++) {
      const moved = this.#runWorkloads();
      if (!this.pass() && !moved) return this;
    }
    throw new Error(
      `does not settle: ${this.last.effects.map(({ what }) => what)} ${JSON.stringify(this.status)}`,
    );
  }

  /** Lets time pass, stopping wherever something happens by itself. */
  advance(ms: number): this {
    const end = this.now + ms;
    this.settle();
    while (this.now < end) {
      const next = [this.last.wakeAt, ...this.pods.map((pod) => this.#readyAt(pod))].filter(
        (instant): instant is Instant => instant !== undefined && instant > this.now && instant < end,
      );
      this.now = Math.min(end, ...next);
      this.settle();
    }
    return this;
  }

  /** One pass of the controller; whether it changed anything. */
  pass(): boolean {
    const decision = decideRollout(this.view, this.now);
    this.last = decision;
    const before = this.#version;
    for (const effect of decision.effects) {
      if (this.#crashes()) return true;
      this.#apply(effect);
    }
    if (decision.status && !equal(this.rollout.status ?? {}, decision.status) && this.#crashes()) return true;
    if (decision.status && !equal(this.rollout.status ?? {}, decision.status)) {
      this.#version++;
      this.rollout = {
        ...this.rollout,
        status: decision.status,
        metadata: { ...this.rollout.metadata, resourceVersion: String(this.#version) },
      };
    }
    this.events.push(...decision.events);
    this.effects.push(...decision.effects.map(({ what }) => what));
    const changed = this.#version !== before;
    if (changed) this.check?.();
    return changed;
  }

  #crashes(): boolean {
    this.writes++;
    return this.writes - 1 === this.crashAtWrite;
  }

  #all<T extends KubeObject>(plural: string): T[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(`${plural}/`))
      .map(([, object]) => object as T);
  }

  #apply(effect: Effect): void {
    const { type, name } = effect.ref;
    const key = `${type.plural}/${name}`;
    if (type.plural === Rollouts.plural && effect.kind === 'patch') {
      this.#guard(effect.resourceVersion, this.rollout);
      this.rollout = this.#changed(this.rollout, effect.patch, 'spec' in effect.patch);
      return;
    }
    const maps: Record<string, Map<string, KubeObject>> = {
      [Services.plural]: this.services,
      [Ingresses.plural]: this.ingresses,
    };
    const map = maps[type.plural];
    const existing = map ? map.get(name) : this.#objects.get(key);
    const store = (object: KubeObject) => (map ? map.set(name, object) : this.#objects.set(key, object));
    switch (effect.kind) {
      case 'create': {
        if (existing) throw new PreconditionError(`${key} already exists`);
        this.#version++;
        const metadata = {
          ...effect.object.metadata,
          uid: `uid-${name}`,
          resourceVersion: String(this.#version),
          generation: 1,
          creationTimestamp: formatTime(this.now),
        };
        store({ ...effect.object, metadata });
        return;
      }
      case 'patch':
        if (!existing) throw new PreconditionError(`${key} does not exist`);
        this.#guard(effect.resourceVersion, existing);
        store(this.#changed(existing, effect.patch, 'spec' in effect.patch));
        return;
      default:
        if (existing) this.#version++;
        if (map) map.delete(name);
        else this.#objects.delete(key);
    }
  }

  #guard(expected: string | undefined, object: KubeObject): void {
    if (expected !== undefined && expected !== object.metadata?.resourceVersion) {
      throw new PreconditionError(`${object.kind} ${object.metadata?.name} has changed since ${expected}`);
    }
  }

  #changed<T extends KubeObject>(object: T, patch: Record<string, unknown>, newGeneration: boolean): T {
    const next = mergePatch(object, patch);
    if (equal(next, object)) return object;
    this.#version++;
    return {
      ...next,
      metadata: {
        ...next.metadata,
        resourceVersion: String(this.#version),
        generation: (object.metadata?.generation ?? 1) + (newGeneration ? 1 : 0),
      },
    };
  }

  #readyAt(pod: Pod): Instant | undefined {
    if (this.broken.has(pod.spec?.containers[0]?.image ?? '')) return undefined;
    return (parseTime(pod.metadata?.creationTimestamp) ?? 0) + this.readyAfterMs;
  }

  /** The ReplicaSet controller and the node: makes pods, removes them, makes them ready, counts them. */
  #runWorkloads(): boolean {
    const before = this.#version;
    for (const rs of this.replicaSets) {
      const pods = this.#podsOf(rs);
      for (let i = pods.length; i < (rs.spec?.replicas ?? 1); i++) this.#createPod(rs);
      const surplus = pods.slice(rs.spec?.replicas ?? 1);
      for (const pod of surplus) {
        this.#version++;
        this.remove(Pods.plural, pod.metadata?.name ?? '');
      }
    }
    for (const pod of this.pods) {
      const ready = (this.#readyAt(pod) ?? Number.POSITIVE_INFINITY) <= this.now;
      if (!ready || pod.status?.conditions) continue;
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(this.now) }];
      this.put(Pods.plural, this.#changed(pod, { status: { conditions } }, false));
    }
    for (const rs of this.replicaSets) {
      const pods = this.#podsOf(rs);
      const ready = pods.filter((pod) => pod.status?.conditions).length;
      const status = {
        replicas: pods.length,
        readyReplicas: ready,
        availableReplicas: ready,
        observedGeneration: rs.metadata?.generation,
      };
      this.put(ReplicaSets.plural, this.#changed(rs, { status }, false));
    }
    return this.#version !== before;
  }

  #podsOf(rs: ReplicaSet): Pod[] {
    return this.pods.filter((pod) => controllerOf(pod)?.uid === rs.metadata?.uid);
  }

  #createPod(rs: ReplicaSet): void {
    this.#podCount++;
    this.#version++;
    const name = `${rs.metadata?.name}-${this.#podCount}`;
    this.put(Pods.plural, {
      ...rs.spec?.template,
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...rs.spec?.template?.metadata,
        name,
        namespace: rs.metadata?.namespace,
        uid: `uid-${name}`,
        creationTimestamp: formatTime(this.now),
        ownerReferences: [controllerReference(ReplicaSets, rs)],
      },
    } as Pod);
  }
}

/** A rollout that is Healthy on `app:1`. */
export function healthy(options: RolloutOptions = {}, prepare?: (scenario: Scenario) => void): Scenario {
  const scenario = new Scenario(rollout(options));
  prepare?.(scenario);
  scenario.advance(60_000);
  scenario.events.length = 0;
  scenario.effects.length = 0;
  return scenario;
}
