import fc from 'fast-check';
import type { Deployment, DeploymentSpec, ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { type Decision, mergePatch } from '../../../api/index.ts';
import { ago, deployment, NOW } from '../testing/objects.ts';
import { type DeploymentView, decideDeployment, decideDeploymentFailure } from './decide.ts';
import { HASH_LABEL } from './revisions.ts';
import { bounds, sizeOf } from './sizes.ts';

/** A Deployment with its ReplicaSets on which decisions are carried out; pods become ready when the test says. */
class Model {
  deployment: Deployment;
  sets: ReplicaSet[] = [];
  events: string[] = [];
  now = NOW;
  #uid = 0;

  constructor(from: Deployment) {
    this.deployment = from;
  }

  step(extra: Partial<DeploymentView> = {}): Decision<unknown> {
    const view: DeploymentView = {
      deployment: this.deployment,
      replicaSets: this.sets,
      hasPods: (rs) => (rs.status?.replicas ?? 0) > 0,
      isTaken: () => false,
      ...extra,
    };
    const decision = decideDeployment(view, this.now);
    for (const effect of decision.effects) {
      const at = this.sets.findIndex((rs) => rs.metadata?.name === effect.ref.name);
      if (effect.kind === 'create') {
        const uid = `uid-${++this.#uid}`;
        const creationTimestamp = ago(1000 - this.#uid);
        this.sets.push(
          mergePatch(effect.object as ReplicaSet, { metadata: { uid, creationTimestamp, generation: 1 } }),
        );
      } else if (effect.kind === 'delete') this.sets.splice(at, 1);
      else if (effect.kind === 'patch' && effect.ref.type.kind === 'ReplicaSet') {
        this.sets[at] = mergePatch(this.sets[at]!, effect.patch);
      } else if (effect.kind === 'patch') this.deployment = mergePatch(this.deployment, effect.patch);
    }
    if (decision.status) this.deployment = { ...this.deployment, status: decision.status };
    this.events.push(...decision.events.map((event) => event.message));
    return decision;
  }

  /** What the ReplicaSet controller would do; a share of the pods that are wanted becomes available. */
  runPods(available: (rs: ReplicaSet) => number = sizeOf): void {
    this.sets = this.sets.map((rs) => {
      const replicas = sizeOf(rs);
      const ready = Math.min(replicas, available(rs));
      const status = { replicas, readyReplicas: ready, availableReplicas: ready, observedGeneration: 1 };
      return { ...rs, status };
    });
  }

  /** Until nothing is left to be done. */
  settle(): void {
    for (let i = 0; i < 100; i++) {
      const { effects } = this.step();
      this.runPods();
      if (effects.length === 0 && i > 1) return;
    }
    throw new Error('it does not come to rest');
  }

  change(spec: Partial<DeploymentSpec>): void {
    const generation = (this.deployment.metadata?.generation ?? 1) + 1;
    this.deployment = mergePatch(this.deployment, { metadata: { generation }, spec });
  }

  setImage(image: string): void {
    const template = this.deployment.spec!.template;
    this.change({ template: { ...template, spec: { containers: [{ name: 'main', image }] } } });
  }

  condition(type: string) {
    return this.deployment.status?.conditions?.find((each) => each.type === type);
  }

  sizes(): Record<string, number> {
    return Object.fromEntries(
      this.sets.map((rs) => [rs.spec!.template!.spec!.containers[0]!.image!, sizeOf(rs)]),
    );
  }
}

const running = (replicas: number, spec: Partial<DeploymentSpec> = {}) => {
  const model = new Model(deployment(replicas, spec));
  model.settle();
  model.events = [];
  return model;
};

describe('a Deployment', () => {
  it('makes a ReplicaSet of its template, with a hash and revision 1', () => {
    const model = new Model(
      deployment(
        3,
        {},
        { annotations: { team: 't', 'kubectl.kubernetes.io/last-applied-configuration': '{}' } },
      ),
    );
    model.step();
    const [rs] = model.sets;
    const hash = rs?.metadata?.labels?.[HASH_LABEL];
    expect(rs).toMatchObject({
      metadata: {
        name: `d-${hash}`,
        annotations: {
          'deployment.kubernetes.io/revision': '1',
          'deployment.kubernetes.io/desired-replicas': '3',
          'deployment.kubernetes.io/max-replicas': '4',
          team: 't',
        },
        ownerReferences: [{ kind: 'Deployment', uid: 'uid-d', controller: true }],
      },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'x', [HASH_LABEL]: hash } },
        template: { metadata: { labels: { app: 'x', [HASH_LABEL]: hash } } },
      },
    });
    expect(Object.keys(rs?.metadata?.annotations ?? {})).not.toContain(
      'kubectl.kubernetes.io/last-applied-configuration',
    );
    expect(model.deployment.metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
    expect(model.events).toEqual([`Scaled up replica set ${rs?.metadata?.name} from 0 to 3`]);
    expect(model.condition('Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetCreated' });
    expect(model.condition('Available')).toMatchObject({
      status: 'False',
      reason: 'MinimumReplicasUnavailable',
    });
  });

  it('is complete and available when all pods are', () => {
    const model = running(3);
    expect(model.deployment.status).toMatchObject({
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      observedGeneration: 1,
    });
    expect(model.deployment.status?.unavailableReplicas).toBeUndefined();
    expect(model.condition('Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' });
    expect(model.condition('Available')).toMatchObject({ status: 'True' });
  });

  it('rolls within its surge and what may be unavailable', () => {
    const model = running(4);
    model.setImage('image:2');
    model.step();
    expect(model.sizes()).toEqual({ 'image:1': 4, 'image:2': 1 });
    model.runPods((rs) => (sizeOf(rs) === 1 ? 0 : sizeOf(rs)));
    model.step();
    expect(model.sizes()).toEqual({ 'image:1': 3, 'image:2': 1 });
    model.step();
    expect(model.sizes()).toEqual({ 'image:1': 3, 'image:2': 2 });
    model.settle();
    expect(model.sizes()).toEqual({ 'image:1': 0, 'image:2': 4 });
    expect(model.deployment.metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
  });

  it('gives up pods that serve nobody first', () => {
    const model = running(4, { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } });
    model.setImage('image:2');
    model.runPods(() => 2);
    model.step();
    model.step();
    expect(model.sizes()).toMatchObject({ 'image:1': 3 });
  });

  it('takes a ReplicaSet of an earlier template back, as a new revision', () => {
    const model = running(2);
    model.setImage('image:2');
    model.settle();
    model.setImage('image:1');
    model.settle();
    expect(model.sizes()).toEqual({ 'image:1': 2, 'image:2': 0 });
    const back = model.sets.find((rs) => sizeOf(rs) === 2);
    expect(back?.metadata?.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
  });

  it('with Recreate starts no new pod before the last old one is gone', () => {
    const model = running(3, { strategy: { type: 'Recreate' } });
    model.setImage('image:2');
    model.step();
    expect(model.sizes()).toEqual({ 'image:1': 0 });
    expect(model.step().effects).toEqual([]);
    model.runPods();
    model.step();
    expect(model.sizes()).toEqual({ 'image:1': 0, 'image:2': 3 });
  });

  it('while paused is scaled, but does not roll', () => {
    const model = running(2);
    model.change({ paused: true });
    model.setImage('image:2');
    model.change({ replicas: 5 });
    model.settle();
    expect(model.sizes()).toEqual({ 'image:1': 5 });
    expect(model.condition('Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' });
    model.change({ paused: false });
    model.step();
    expect(model.condition('Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentResumed' });
    model.settle();
    expect(model.sizes()).toEqual({ 'image:1': 0, 'image:2': 5 });
  });

  it('when scaled in the middle of a roll keeps the shares of old and new', () => {
    const model = running(10, { strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } });
    model.setImage('image:2');
    model.step();
    model.runPods((rs) => (sizeOf(rs) === 3 ? 0 : sizeOf(rs)));
    model.step();
    model.step();
    expect(model.sizes()).toEqual({ 'image:1': 8, 'image:2': 5 });
    model.change({ replicas: 15 });
    model.step();
    expect(model.sizes()).toEqual({ 'image:1': 11, 'image:2': 7 });
    model.settle();
    expect(model.sizes()).toEqual({ 'image:1': 0, 'image:2': 15 });
  });

  it('says that it has not progressed in time, once the deadline has passed, and asks to be woken then', () => {
    const model = running(2, { progressDeadlineSeconds: 60 });
    model.setImage('image:2');
    model.step();
    model.runPods((rs) => (rs.spec?.template?.spec?.containers[0]?.image === 'image:2' ? 0 : sizeOf(rs)));
    for (let i = 0; i < 5; i++) model.step();
    const { wakeAt } = model.step();
    expect(wakeAt).toBe(NOW + 61_000);
    model.now = NOW + 61_000;
    expect(model.step().wakeAt).toBeUndefined();
    expect(model.condition('Progressing')).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
    });
    model.settle();
    expect(model.condition('Progressing')).toMatchObject({
      status: 'True',
      reason: 'NewReplicaSetAvailable',
    });
  });

  it('keeps as many old revisions as it is told', () => {
    const model = running(1, { revisionHistoryLimit: 2 });
    for (const image of ['image:2', 'image:3', 'image:4', 'image:5']) {
      model.setImage(image);
      model.settle();
    }
    expect(Object.keys(model.sizes()).sort()).toEqual(['image:3', 'image:4', 'image:5']);
  });

  it('takes another hash when the name of its ReplicaSet is taken', () => {
    const model = new Model(deployment(1));
    let wanted = '';
    model.step({
      isTaken(name) {
        wanted = name;
        return true;
      },
    });
    expect(model.sets).toEqual([]);
    expect(model.deployment.status?.collisionCount).toBe(1);
    model.step();
    expect(model.sets[0]?.metadata?.name).not.toBe(wanted);
  });

  it('says why its ReplicaSet could not be made, and what its ReplicaSets say about pods', () => {
    const model = new Model(deployment(1));
    const view = {
      deployment: model.deployment,
      replicaSets: [],
      hasPods: () => false,
      isTaken: () => false,
    };
    const [effect] = decideDeployment(view, NOW).effects;
    const failed = decideDeploymentFailure(view, { effect: effect!, message: 'forbidden' }, NOW);
    expect(failed.status?.conditions).toMatchObject([
      { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError' },
    ]);

    const running_ = running(1);
    const failure = {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: 'exceeded quota',
    };
    running_.sets = running_.sets.map((rs) => ({ ...rs, status: { replicas: 0, conditions: [failure] } }));
    running_.step();
    expect(running_.condition('ReplicaFailure')).toMatchObject(failure);
    running_.runPods();
    running_.step();
    expect(running_.condition('ReplicaFailure')).toBeUndefined();
  });

  it('at rest decides nothing', () => {
    const model = running(3);
    const before = model.deployment.status;
    expect(model.step()).toMatchObject({ effects: [], events: [] });
    expect(model.deployment.status).toEqual(before);
  });

  it('never has fewer available or more pods than it may, whatever becomes ready when', () => {
    const percentOr = fc.oneof(
      fc.nat(12),
      fc.nat(100).map((percent) => `${percent}%`),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        percentOr,
        percentOr,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 }),
        (replicas, maxSurge, maxUnavailable, luck) => {
          const model = running(replicas, { strategy: { rollingUpdate: { maxSurge, maxUnavailable } } });
          const { surge, unavailable } = bounds(model.deployment);
          model.setImage('image:2');
          for (const share of luck) {
            model.step();
            expect(model.sets.reduce((sum, rs) => sum + sizeOf(rs), 0)).toBeLessThanOrEqual(replicas + surge);
            // Pods that were available stay so while their ReplicaSet wants them; new ones become so by luck.
            const before = new Map(
              model.sets.map((rs) => [rs.metadata?.name, rs.status?.availableReplicas ?? 0]),
            );
            model.runPods((rs) => {
              const had = Math.min(sizeOf(rs), before.get(rs.metadata?.name) ?? 0);
              return had + Math.round((sizeOf(rs) - had) * share);
            });
            const available = model.sets.reduce((sum, rs) => sum + (rs.status?.availableReplicas ?? 0), 0);
            expect(available).toBeGreaterThanOrEqual(replicas - unavailable);
          }
          model.settle();
          expect(model.sizes()).toEqual({ 'image:1': 0, 'image:2': replicas });
        },
      ),
      { numRuns: 60 },
    );
  });
});
