import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { controllerOf } from '../api/index.ts';
import { healthy, pause, rollout, Scenario, setWeight } from './testing.ts';

const HASH = 'rollouts-pod-template-hash';
const revisionOf = (rs: ReplicaSet | undefined) =>
  rs?.metadata?.annotations?.['rollout.argoproj.io/revision'];
const put = (scenario: Scenario, rs: ReplicaSet) => scenario.put('replicasets', rs);

/** The only ReplicaSet of a scenario, changed. */
function changed(scenario: Scenario, change: (rs: ReplicaSet) => ReplicaSet): Scenario {
  const rs = scenario.replicaSets[0];
  if (!rs) throw new Error('there is no ReplicaSet');
  return put(scenario, change(structuredClone(rs)));
}

describe('a new ReplicaSet', () => {
  it('CAN-024 CAN-032 is named by the hash, has no pods, and is owned by the Rollout', () => {
    const subject = rollout();
    subject.metadata.annotations = { team: 'shop', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    const scenario = new Scenario(subject);
    scenario.pass();
    scenario.pass();
    const rs = scenario.replicaSets[0];
    const hash = rs?.metadata?.labels?.[HASH];
    expect(rs).toMatchObject({
      metadata: {
        name: `demo-${hash}`,
        labels: { app: 'demo', [HASH]: hash },
        annotations: {
          team: 'shop',
          'rollout.argoproj.io/revision': '1',
          'rollout.argoproj.io/desired-replicas': '5',
        },
        ownerReferences: [{ kind: 'Rollout', name: 'demo', controller: true, blockOwnerDeletion: true }],
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'demo', [HASH]: hash } },
        template: { metadata: { labels: { app: 'demo', [HASH]: hash } } },
      },
    });
    expect(Object.keys(rs?.metadata?.annotations ?? {})).not.toContain(
      'kubectl.kubernetes.io/last-applied-configuration',
    );
  });

  it('CAN-027 takes another hash when its name is taken', () => {
    const probe = new Scenario(rollout()).advance(1000);
    const name = probe.replicaSets[0]?.metadata?.name ?? '';
    const scenario = new Scenario(rollout());
    put(scenario, {
      metadata: { name, namespace: 'shop', uid: 'foreign', labels: {} },
      spec: { replicas: 0, selector: {} },
    });
    scenario.advance(60_000);
    expect(scenario.status).toMatchObject({ collisionCount: 1, phase: 'Healthy' });
    expect(scenario.replicaSets.map((rs) => rs.metadata?.name)).toHaveLength(2);
    expect(scenario.pass()).toBe(false);
  });

  it('CAN-035 minReadySeconds reaches it without a new revision', () => {
    const scenario = healthy().edit({ minReadySeconds: 7 }).settle();
    expect(scenario.replicaSets[0]?.spec?.minReadySeconds).toBe(7);
    expect(revisionOf(scenario.replicaSets[0])).toBe('1');
  });

  it('CAN-036 keeps away from the stable pods during an update only', () => {
    const antiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: {} };
    const scenario = healthy({ steps: [pause()], canary: { antiAffinity } });
    expect(scenario.replicaSetOf('app:1')?.spec?.template?.spec?.affinity).toBeUndefined();
    scenario.setImage('app:2').settle();
    expect(scenario.replicaSetOf('app:2')?.spec?.template?.spec?.affinity).toEqual({
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            labelSelector: {
              matchExpressions: [{ key: HASH, operator: 'In', values: [scenario.status.stableRS] }],
            },
            namespaces: ['shop'],
            topologyKey: 'kubernetes.io/hostname',
          },
        ],
      },
    });
    expect(scenario.replicaSets).toHaveLength(2);
  });

  it('CAN-025 CAN-035 an annotation of the Rollout does not move the revision history', () => {
    const scenario = healthy();
    scenario.rollout = {
      ...scenario.rollout,
      metadata: {
        ...scenario.rollout.metadata,
        annotations: { ...scenario.rollout.metadata.annotations, team: 'x' },
      },
    };
    scenario.settle();
    expect(scenario.replicaSets[0]?.metadata?.annotations).toMatchObject({ team: 'x' });
    expect(
      scenario.replicaSets[0]?.metadata?.annotations?.['rollout.argoproj.io/revision-history'],
    ).toBeUndefined();
  });
});

describe('ReplicaSets that are there already', () => {
  /** As Argo Rollouts would have left it: another hash, defaults filled in by the API server. */
  const foreignHash = (rs: ReplicaSet): ReplicaSet => {
    const label = (labels: Record<string, string> = {}) => ({ ...labels, [HASH]: 'abc' });
    const template = rs.spec?.template;
    return {
      ...rs,
      metadata: { ...rs.metadata, labels: label(rs.metadata?.labels) },
      spec: {
        ...rs.spec,
        selector: { matchLabels: label(rs.spec?.selector.matchLabels) },
        template: {
          metadata: { ...template?.metadata, labels: label(template?.metadata?.labels) },
          spec: {
            restartPolicy: 'Always',
            dnsPolicy: 'ClusterFirst',
            terminationGracePeriodSeconds: 30,
            securityContext: {},
            schedulerName: 'default-scheduler',
            containers: [
              {
                name: 'app',
                image: 'app:1',
                imagePullPolicy: 'IfNotPresent',
                resources: {},
                terminationMessagePath: '/dev/termination-log',
                terminationMessagePolicy: 'File',
              },
            ],
          },
        },
      },
    };
  };

  it('CAN-026 CAN-135 one with another hash but an equal template is taken over without new pods', () => {
    const scenario = changed(healthy({ steps: [setWeight(20), pause()] }), foreignHash);
    scenario.patchStatus({ stableRS: 'abc', currentPodHash: 'abc' }).advance(60_000);
    expect(scenario.status).toMatchObject({ phase: 'Healthy', currentPodHash: 'abc', stableRS: 'abc' });
    expect(scenario.replicaSets).toHaveLength(1);
    expect(scenario.effects).toEqual([]);
  });

  it('CAN-135 a step hash that was computed otherwise is rewritten, and the step stays', () => {
    const scenario = healthy({ steps: [setWeight(20), pause()] })
      .setImage('app:2')
      .advance(60_000);
    const hash = scenario.status.currentStepHash;
    scenario.patchStatus({ currentStepHash: 'other' }).settle();
    expect(scenario.status).toMatchObject({ currentStepIndex: 1, currentStepHash: hash, phase: 'Paused' });
  });

  it('CAN-028 CAN-132 an orphan is adopted after the Rollout was confirmed, and no pod restarts', () => {
    const scenario = changed(healthy(), (rs) => ({
      ...rs,
      metadata: { ...rs.metadata, ownerReferences: [] },
    }));
    const pods = scenario.pods.map((pod) => pod.metadata?.name);
    scenario.rollout = { ...scenario.rollout, status: {} };
    scenario.advance(60_000);
    const owner = scenario.replicaSets[0] && controllerOf(scenario.replicaSets[0]);
    expect(owner?.uid).toBe('uid-demo');
    expect(scenario.effects.slice(0, 2)).toEqual([
      'confirm that Rollout demo exists',
      `adopt ReplicaSet ${scenario.replicaSets[0]?.metadata?.name}`,
    ]);
    expect(scenario.pods.map((pod) => pod.metadata?.name)).toEqual(pods);
    expect(scenario.status.phase).toBe('Healthy');
  });

  it('CAN-029 finding one without a Progressing condition says so', () => {
    const scenario = healthy();
    scenario.rollout = { ...scenario.rollout, status: {} };
    scenario.pass();
    expect(scenario.status.conditions?.find(({ type }) => type === 'Progressing')?.reason).toMatch(
      /FoundNewReplicaSet|ReplicaSetUpdated/,
    );
  });

  it('CAN-028 one of another owner is left alone, one that matches no more is released', () => {
    const scenario = healthy();
    const foreign = structuredClone(scenario.replicaSets[0]);
    if (!foreign?.metadata?.ownerReferences?.[0]) throw new Error('no owner');
    const owner = { ...foreign.metadata.ownerReferences[0], uid: 'somebody' };
    foreign.metadata = { ...foreign.metadata, name: 'foreign', uid: 'uid-foreign', ownerReferences: [owner] };
    put(scenario, foreign).settle();
    expect(scenario.effects).toEqual([]);
    const stray = structuredClone(scenario.replicaSets[0]);
    if (!stray?.metadata) throw new Error('no ReplicaSet');
    stray.metadata = { ...stray.metadata, name: 'stray', uid: 'uid-stray', labels: { app: 'other' } };
    put(scenario, stray).settle();
    expect(
      scenario.replicaSets.find((rs) => rs.metadata?.name === 'stray')?.metadata?.ownerReferences,
    ).toBeUndefined();
  });
});

describe('history', () => {
  it('CAN-033 deletes the oldest beyond the limit, never stable or new', () => {
    const scenario = healthy({ spec: { revisionHistoryLimit: 2 } });
    for (const version of [2, 3, 4, 5]) scenario.setImage(`app:${version}`).advance(60_000);
    const images = scenario.replicaSets.map((rs) => rs.spec?.template?.spec?.containers[0]?.image);
    expect(images).toEqual(['app:3', 'app:4', 'app:5']);
  });

  it('CAN-034 keeps those that have pods', () => {
    const scenario = healthy({
      spec: { revisionHistoryLimit: 0 },
      canary: { maxSurge: 0, maxUnavailable: 1 },
    });
    scenario.check = () => {
      for (const pod of scenario.pods) {
        const owner = controllerOf(pod)?.name;
        expect(scenario.replicaSets.map((rs) => rs.metadata?.name)).toContain(owner);
      }
    };
    scenario.setImage('app:2').advance(60_000);
    expect(scenario.replicaSets).toHaveLength(1);
  });
});

describe('ephemeral metadata', () => {
  const canary = {
    stableMetadata: { labels: { role: 'stable' }, annotations: { since: 'v1' } },
    canaryMetadata: { labels: { role: 'canary', fresh: 'yes' } },
  };
  const rolesOf = (scenario: Scenario) =>
    scenario.pods.map(({ spec, metadata }) => `${spec?.containers[0]?.image} ${metadata?.labels?.role}`);

  it('CAN-111 CAN-112 is on new pods, and changes in place at promotion', () => {
    const scenario = healthy({ replicas: 2, steps: [setWeight(50), pause()], canary });
    expect(new Set(rolesOf(scenario))).toEqual(new Set(['app:1 stable']));
    scenario.setImage('app:2').advance(60_000);
    expect(new Set(rolesOf(scenario))).toEqual(new Set(['app:1 stable', 'app:2 canary']));
    const kept = scenario.pods.find((pod) => pod.spec?.containers[0]?.image === 'app:2')?.metadata?.name;
    scenario.patchStatus({ pauseConditions: null }).advance(60_000);
    expect(new Set(rolesOf(scenario))).toEqual(new Set(['app:2 stable']));
    const pod = scenario.pods.find((one) => one.metadata?.name === kept);
    expect(pod?.metadata?.labels).toEqual({ app: 'demo', role: 'stable', [HASH]: scenario.status.stableRS });
    expect(scenario.replicaSets).toHaveLength(2);
    expect(scenario.pass()).toBe(false);
  });

  it('CAN-113 goes away when it is taken out of the spec', () => {
    const scenario = healthy({ replicas: 2, canary });
    scenario.edit({ strategy: { canary: { stableMetadata: null, canaryMetadata: null } } }).settle();
    expect(scenario.pods.every((pod) => pod.metadata?.labels?.role === undefined)).toBe(true);
    expect(scenario.replicaSets[0]?.spec?.template?.metadata?.labels?.role).toBeUndefined();
  });
});

describe('restart', () => {
  const restarted = (restartAt: string) => healthy({ replicas: 4 }).edit({ restartAt });

  it('CAN-115 replaces pods as many at a time as may be missing, then says so', () => {
    const at = '2026-03-02T09:01:00Z';
    const scenario = restarted(at);
    scenario.now += 1000;
    const old = scenario.pods.map((pod) => pod.metadata?.name);
    scenario.check = () => {
      const ready = scenario.pods.filter((pod) => pod.status?.conditions).length;
      expect(ready).toBeGreaterThanOrEqual(3);
    };
    scenario.settle();
    expect(scenario.status.message).toBe('rollout is restarting');
    scenario.advance(60_000);
    expect(scenario.pods.filter((pod) => old.includes(pod.metadata?.name))).toEqual([]);
    expect(scenario.status).toMatchObject({ restartedAt: at, phase: 'Healthy' });
  });

  it('CAN-115 waits for its time, with the phase that it has', () => {
    const scenario = restarted('2026-03-02T10:00:00Z').settle();
    expect(scenario.status.phase).toBe('Healthy');
    expect(scenario.last.wakeAt).toBe(Date.parse('2026-03-02T10:00:00Z') + 1);
  });

  it('CAN-116 is cancelled by another template', () => {
    const scenario = restarted('2026-03-02T10:00:00Z').settle().setImage('app:2').advance(10_000);
    expect(scenario.status.restartedAt).toBe('2026-03-02T10:00:00Z');
  });
});
