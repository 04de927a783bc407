import type { ControllerRevision, DaemonSet, DaemonSetSpec } from 'kubernetes-types/apps/v1.d.ts';
import type { Node, Pod, Taint } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { controllerReference, DaemonSets } from '../../../api/index.ts';
import { ago, NOW, type PodOptions, pod } from '../testing/objects.ts';
import { decideDaemonSet } from './decide.ts';

const labels = { app: 'x' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'image:2' }] } };

function daemonSet(spec: Partial<DaemonSetSpec> = {}): DaemonSet {
  return {
    metadata: { name: 'd', namespace: 'a', uid: 'uid-d', generation: 1 },
    spec: { selector: { matchLabels: labels }, template, ...spec },
  };
}

function revisionOf(set: DaemonSet): ControllerRevision {
  const data = { spec: { template: { ...set.spec?.template, $patch: 'replace' } } };
  return { metadata: { name: 'd-2', uid: 'uid-d-2' }, data, revision: 2 };
}

function node(
  name: string,
  options: { taints?: Taint[]; labels?: Record<string, string>; ready?: boolean } = {},
): Node {
  const { taints = [], ready = true } = options;
  return {
    metadata: { name, labels: options.labels ?? {} },
    spec: { taints },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

function daemon(
  name: string,
  nodeName: string,
  of = '2',
  options: PodOptions & { leaving?: boolean } = {},
): Pod {
  return pod(name, {
    readyFor: 60,
    ...options,
    spec: { nodeName },
    metadata: {
      name,
      labels: { ...labels, 'controller-revision-hash': of },
      ownerReferences: [controllerReference(DaemonSets, daemonSet())],
      ...(options.leaving && { deletionTimestamp: ago(1) }),
    },
  });
}

const decide = (nodes: Node[], pods: Pod[], set = daemonSet(), revisions = [revisionOf(set)]) =>
  decideDaemonSet({ set, pods, revisions, nodes }, NOW);
const names = ({ effects }: ReturnType<typeof decide>) =>
  effects.map(({ kind, ref }) => `${kind} ${ref.name}`);
const onlyOn = (name: string) => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }],
    },
  },
});
const taint = (effect: string): Taint => ({ key: 'gpu', value: 'yes', effect });

describe('a DaemonSet', () => {
  it('keeps its template as a revision before it makes a pod of it', () => {
    expect(decide([node('n')], [], daemonSet(), []).effects).toMatchObject([
      { kind: 'create', object: { kind: 'ControllerRevision', revision: 1 } },
    ]);
  });

  it('makes a pod for each ready node that has none', () => {
    const { effects, status, events } = decide(
      [node('has'), node('lacks'), node('broken', { ready: false })],
      [daemon('p', 'has')],
    );
    expect(effects).toMatchObject([
      {
        kind: 'create',
        object: {
          metadata: { labels: { app: 'x', 'controller-revision-hash': '2' } },
          spec: {
            affinity: onlyOn('lacks'),
            tolerations: expect.arrayContaining([
              expect.objectContaining({ key: 'node.kubernetes.io/not-ready' }),
            ]),
          },
        },
      },
    ]);
    expect(events).toMatchObject([{ reason: 'SuccessfulCreate' }]);
    expect(status).toMatchObject({
      desiredNumberScheduled: 3,
      currentNumberScheduled: 1,
      numberReady: 1,
      numberAvailable: 1,
      numberUnavailable: 2,
      updatedNumberScheduled: 1,
      numberMisscheduled: 0,
    });
  });

  it('goes where its node selector and the taints let it', () => {
    const spec = { ...template.spec, nodeSelector: { disk: 'ssd' } };
    const selecting = daemonSet({ template: { ...template, spec } });
    const nodes = [node('ssd', { labels: { disk: 'ssd' } }), node('hdd')];
    expect(decide(nodes, [], selecting).effects).toMatchObject([
      { object: { spec: { affinity: onlyOn('ssd') } } },
    ]);
    const tainted = [node('n', { taints: [taint('NoSchedule')] })];
    expect(decide(tainted, []).effects).toEqual([]);
    const tolerating = daemonSet({
      template: { ...template, spec: { ...template.spec, tolerations: [{ operator: 'Exists' }] } },
    });
    expect(decide(tainted, [], tolerating).effects).toHaveLength(1);
  });

  it('starts where there is no network yet only if it shares that of the node', () => {
    const offline = { key: 'node.kubernetes.io/network-unavailable', effect: 'NoSchedule' };
    const sharing = daemonSet({ template: { ...template, spec: { ...template.spec, hostNetwork: true } } });
    const nodes = [node('n', { taints: [offline] })];
    expect(decide(nodes, []).effects).toEqual([]);
    expect(decide(nodes, [], sharing).effects).toMatchObject([
      { object: { spec: { tolerations: expect.arrayContaining([{ ...offline, operator: 'Exists' }]) } } },
    ]);
  });

  it('tolerates a node that is not ready once and for good, whatever its template says of it', () => {
    const notReady = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' };
    const tolerations = [
      { ...notReady, tolerationSeconds: 300 },
      { key: 'gpu', operator: 'Exists' },
    ];
    const set = daemonSet({ template: { ...template, spec: { ...template.spec, tolerations } } });
    const [effect] = decide([node('n')], [], set).effects;
    const made = effect?.kind === 'create' ? (effect.object as Pod).spec?.tolerations : undefined;
    expect(made?.filter(({ key }) => key === notReady.key)).toEqual([notReady]);
    expect(made).toContainEqual({ key: 'gpu', operator: 'Exists' });
  });

  it('stays under a taint that came later, unless it drives pods away', () => {
    const pods = [daemon('p', 'n')];
    const later = decide([node('n', { taints: [taint('NoSchedule')] })], pods);
    expect(later.effects).toEqual([]);
    expect(later.status).toMatchObject({ desiredNumberScheduled: 0, numberMisscheduled: 1 });
    expect(names(decide([node('n', { taints: [taint('NoExecute')] })], pods))).toEqual(['delete p']);
    const unreachable = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
    expect(decide([node('n', { taints: [unreachable] })], pods).effects).toEqual([]);
  });

  it('has one pod on a node: not two, and none that has ended', () => {
    const nodes = [node('n')];
    expect(names(decide(nodes, [daemon('a', 'n'), daemon('b', 'n')]))).toEqual(['delete b']);
    const failed = decide(nodes, [daemon('a', 'n', '2', { phase: 'Failed' })]);
    expect(names(failed)).toEqual(['delete a']);
    expect(failed.events[0]).toMatchObject({
      type: 'Warning',
      reason: 'FailedDaemonPod',
      message: 'Found failed daemon pod a/a on node n, will try to kill it',
    });
    expect(decide(nodes, [daemon('a', 'n', '2', { leaving: true })]).effects).toEqual([]);
  });

  it('updates as many nodes at once as may be without a pod, and first those that are', () => {
    const nodes = ['a', 'b', 'c', 'd'].map((name) => node(name));
    const old = (name: string) => daemon(name, name, '1');
    const unready = (name: string, of: string) => daemon(name, name, of, { readyFor: undefined as never });
    const rest = [old('b'), old('c'), old('d')];
    expect(names(decide(nodes, [old('a'), ...rest]))).toEqual(['delete a']);
    expect(names(decide(nodes, [unready('a', '2'), ...rest]))).toEqual([]);
    expect(names(decide(nodes, [unready('a', '1'), ...rest]))).toEqual(['delete a']);
    const half = daemonSet({
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%' } },
    });
    expect(names(decide(nodes, [old('a'), ...rest], half))).toEqual(['delete a', 'delete b']);
    const onDelete = daemonSet({ updateStrategy: { type: 'OnDelete' } });
    expect(names(decide(nodes, [old('a'), ...rest], onDelete))).toEqual([]);
  });

  it('with a surge makes new pods beside the old, which go when these are available', () => {
    const nodes = ['a', 'b', 'c'].map((name) => node(name));
    const rollingUpdate = { maxUnavailable: 0, maxSurge: 1 };
    const set = daemonSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });
    const old = (name: string, options: PodOptions = {}) => daemon(name, name, '1', options);
    const fresh = (name: string, readyFor?: number) =>
      daemon(`${name}2`, name, '2', { readyFor: readyFor as never });
    const creations = (pods: Pod[]) =>
      decide(nodes, pods, set).effects.map((effect) =>
        effect.kind === 'create'
          ? (effect.object as Pod).spec?.affinity
          : `${effect.kind} ${effect.ref.name}`,
      );
    const rest = [old('b'), old('c')];
    expect(creations([old('a'), ...rest])).toEqual([onlyOn('a')]);
    expect(creations([old('a'), fresh('a'), ...rest])).toEqual([]);
    expect(creations([old('a'), fresh('a', 60), ...rest])).toEqual(['delete a']);
    expect(creations([fresh('a', 60), ...rest])).toEqual([onlyOn('b')]);
    const broken = old('c', { readyFor: undefined as never });
    expect(creations([old('a'), fresh('a'), old('b'), broken])).toEqual([onlyOn('c')]);
  });

  it('counts a pod for the node that it is meant for before it is there', () => {
    const set = daemonSet();
    const [made] = decide([node('n')], []).effects;
    const coming = made?.kind === 'create' ? (made.object as Pod) : undefined;
    expect(decide([node('n')], [coming!], set).effects).toEqual([]);
  });

  it('counts a pod as available only after its time, and wakes for it', () => {
    const decision = decide([node('n')], [daemon('p', 'n')], daemonSet({ minReadySeconds: 90 }));
    expect(decision.status).toMatchObject({ numberReady: 1, numberUnavailable: 1 });
    expect(decision.wakeAt).toBe(NOW + 30_000);
  });

  it('does nothing while it is being deleted', () => {
    const set = daemonSet();
    const leaving = { ...set, metadata: { ...set.metadata, deletionTimestamp: ago(1) } };
    expect(decide([node('n')], [], leaving).effects).toEqual([]);
  });
});
