import type {
  Affinity,
  Node,
  NodeSpec,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
} from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { SELECTED_NODE } from '../claims/provisioning.ts';
import { NOW, pod } from '../testing/objects.ts';
import { decideScheduling, type SchedulingView, waitsForNode } from './decide.ts';
import { isExclusive } from './neighbours.ts';

interface NodeOptions {
  ready?: string;
  spec?: NodeSpec;
  labels?: Record<string, string>;
  allocatable?: Record<string, string>;
}

function node(name: string, { ready = 'True', spec = {}, labels = {}, allocatable }: NodeOptions = {}): Node {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec,
    status: { conditions: [{ type: 'Ready', status: ready }], ...(allocatable && { allocatable }) },
  };
}
const waiting = (spec: Partial<PodSpec> = {}) =>
  pod('p', { phase: 'Pending', spec: { nodeName: '', ...spec } });

const nothing = { claim: () => undefined, volume: () => undefined, storageClass: () => undefined };

/** @param there the pods on each node */
function decide(
  nodes: Node[],
  of = waiting(),
  there: Record<string, Pod[]> = {},
  storage: SchedulingView['storage'] = nothing,
) {
  const podsOn = (name: string) => there[name] ?? [];
  const exclusivePods = () => Object.values(there).flat().filter(isExclusive);
  const around = { nodes, podsOn, exclusivePods, namespaceLabels: () => ({}) };
  return decideScheduling({ pod: of, storage, ...around }, NOW);
}

const chosen = ({ effects }: ReturnType<typeof decide>) =>
  effects.map((effect) => (effect.kind === 'create' ? effect.object : undefined)) as unknown as [
    { target: { name: string } }?,
  ];
const nodeOf = (decision: ReturnType<typeof decide>) => chosen(decision)[0]?.target.name;
const refusal = ({ events }: ReturnType<typeof decide>) => events[0]?.message.split(' preemption: ')[0];

describe('the scheduler', () => {
  it('binds a pod to a ready node and says so', () => {
    const { effects, events } = decide([node('down', { ready: 'False' }), node('up')]);
    expect(effects).toMatchObject([
      {
        kind: 'create',
        subresource: 'binding',
        ref: { name: 'p', namespace: 'a' },
        object: {
          kind: 'Binding',
          metadata: { name: 'p', uid: 'uid-p' },
          target: { kind: 'Node', name: 'up' },
        },
      },
    ]);
    expect(events).toEqual([
      { type: 'Normal', reason: 'Scheduled', message: 'Successfully assigned a/p to up' },
    ]);
  });

  it('chooses the node with the fewest pods', () => {
    expect(
      nodeOf(decide([node('a'), node('b')], waiting(), { a: [pod('1'), pod('2')], b: [pod('3')] })),
    ).toBe('b');
  });

  it('says once why no node will do', () => {
    const tainted = node('t', { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } });
    const nodes = [
      node('down', { ready: 'Unknown' }),
      node('c', { spec: { unschedulable: true } }),
      tainted,
      node('l'),
    ];
    const selective = waiting({ nodeSelector: { disk: 'ssd' } });
    const decision = decide(nodes, selective);
    const message =
      "0/4 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, " +
      '1 node(s) had untolerated taint {gpu: yes}, ' +
      '1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }, 1 node(s) were unschedulable. ' +
      'preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.';
    expect(decision.events).toEqual([{ type: 'Warning', reason: 'FailedScheduling', message }]);
    expect(decision.status?.conditions?.find(({ type }) => type === 'PodScheduled')).toMatchObject({
      status: 'False',
      reason: 'Unschedulable',
      message,
    });
    const again = decide(nodes, { ...selective, status: decision.status! });
    expect(again.events).toEqual([]);
    expect(again.status).toEqual(decision.status);
  });

  it('says that there are no nodes', () => {
    expect(refusal(decide([]))).toBe('no nodes available to schedule pods');
  });

  it('leaves alone pods that have a node, are going or are for another scheduler', () => {
    expect(waitsForNode(waiting())).toBe(true);
    expect(waitsForNode(pod('p'))).toBe(false);
    expect(waitsForNode(waiting({ schedulerName: 'mine' }))).toBe(false);
  });

  it('holds back a pod behind a gate, and says so without an event', () => {
    const decision = decide([node('n')], waiting({ schedulingGates: [{ name: 'g' }] }));
    expect(decision).toMatchObject({ effects: [], events: [] });
    expect(decision.status?.conditions?.find(({ type }) => type === 'PodScheduled')).toMatchObject({
      status: 'False',
      reason: 'SchedulingGated',
      message: 'Scheduling is blocked due to non-empty scheduling gates',
    });
  });
});

describe('a node suits', () => {
  it('by node selectors and tolerations', () => {
    const labelled = node('l', {
      labels: { disk: 'ssd' },
      spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
    });
    const tolerant = waiting({
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
    });
    expect(nodeOf(decide([node('n'), labelled], tolerant))).toBe('l');
  });

  it.each([
    ['In', ['ssd', 'nvme'], true],
    ['NotIn', ['ssd'], false],
    ['Exists', [], true],
    ['DoesNotExist', [], false],
  ])('by required node affinity: %s', (operator, values, suits) => {
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'absent', operator: 'Exists' }] },
          { matchExpressions: [{ key: 'disk', operator, values }] },
        ],
      },
    };
    const decision = decide(
      [node('l', { labels: { disk: 'ssd' } })],
      waiting({ affinity: { nodeAffinity } }),
    );
    expect(nodeOf(decision)).toBe(suits ? 'l' : undefined);
  });

  it.each([
    ['Gt', '3', true],
    ['Gt', '4', false],
    ['Lt', '5', true],
    ['Lt', 'x', false],
  ])('by numbers in labels: 4 %s %s', (operator, value, suits) => {
    const nodeSelectorTerms = [{ matchExpressions: [{ key: 'cores', operator, values: [value] }] }];
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
    const decision = decide([node('l', { labels: { cores: '4' } })], waiting({ affinity: { nodeAffinity } }));
    expect(nodeOf(decision)).toBe(suits ? 'l' : undefined);
  });

  it('better by preferred node affinity than by the number of its pods', () => {
    const preference = { matchExpressions: [{ key: 'disk', operator: 'Exists' }] };
    const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference }] };
    const nodes = [node('a'), node('b', { labels: { disk: 'ssd' } })];
    expect(nodeOf(decide(nodes, waiting({ affinity: { nodeAffinity } }), { b: [pod('1'), pod('2')] }))).toBe(
      'b',
    );
  });
});

describe('of nodes that will do', () => {
  const company = (kind: 'podAffinity' | 'podAntiAffinity'): Partial<PodSpec> => {
    const podAffinityTerm = { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'x' } } };
    const preferredDuringSchedulingIgnoredDuringExecution = [{ weight: 1, podAffinityTerm }];
    return { affinity: { [kind]: { preferredDuringSchedulingIgnoredDuringExecution } } };
  };
  const zones = ['a', 'b', 'c'].map((name) => node(name, { labels: { zone: name === 'c' ? 'two' : 'one' } }));
  const others = (count: number, labels: Record<string, string>) =>
    Array.from({ length: count }, (_, i) =>
      pod(`o${i}`, { metadata: { name: `o${i}`, namespace: 'a', labels } }),
    );

  it('the one near pods that it likes to be with is chosen, though it has more pods', () => {
    const there = { b: others(2, { app: 'x' }), c: others(1, { app: 'y' }) };
    expect(nodeOf(decide(zones, waiting(company('podAffinity')), there))).toBe('a');
  });

  it('the one far from pods that it likes to be apart from is chosen', () => {
    const there = { b: others(1, { app: 'x' }), c: others(3, { app: 'y' }) };
    expect(nodeOf(decide(zones, waiting(company('podAntiAffinity')), there))).toBe('c');
    // A wish is no obstacle.
    expect(nodeOf(decide(zones.slice(0, 2), waiting(company('podAntiAffinity')), there))).toBe('a');
  });

  it('the one whose domain has the fewest of its kind is chosen, of its revision where it says so', () => {
    const spread = (matchLabelKeys?: string[]) =>
      waiting({
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'zone',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: { app: 'x' } },
            ...(matchLabelKeys && { matchLabelKeys }),
          },
        ],
      });
    const there = { b: others(1, { app: 'x' }), c: others(3, { app: 'y' }) };
    expect(nodeOf(decide(zones, spread(), there))).toBe('c');
    const revised = {
      ...spread(['rev']),
      metadata: { name: 'p', namespace: 'a', labels: { app: 'x', rev: '2' } },
    };
    const ofTwo = { b: others(3, { app: 'x', rev: '1' }), c: others(1, { app: 'x', rev: '2' }) };
    expect(nodeOf(decide(zones, revised, ofTwo))).toBe('a');
    const bare = [node('bare'), ...zones.slice(2)];
    expect(nodeOf(decide(bare, spread(), { c: others(1, { app: 'x' }) }))).toBe('c');
  });

  it('the one with a taint that it would rather avoid is not chosen', () => {
    const taints = [{ key: 'old', effect: 'PreferNoSchedule' }];
    const nodes = [node('a', { spec: { taints } }), node('b')];
    expect(nodeOf(decide(nodes, waiting(), { b: others(5, {}) }))).toBe('b');
  });
});

describe('room on a node', () => {
  const asking = (cpu: string, memory = '0') => ({
    containers: [{ name: 'main', resources: { requests: { cpu, memory } } }],
  });
  const small = node('small', { allocatable: { cpu: '1', memory: '1Gi', pods: '3' } });

  it('is what the requests of its pods leave', () => {
    expect(
      nodeOf(decide([small], waiting(asking('400m')), { small: [pod('1', { spec: asking('600m') })] })),
    ).toBe('small');
    const full = decide([small], waiting(asking('500m', '2Gi')), {
      small: [pod('1', { spec: asking('600m') })],
    });
    expect(refusal(full)).toBe('0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.');
    expect(full.events[0]?.message).toMatch(/1 Preemption is not helpful for scheduling\.$/);
    const crowded = decide([small], waiting(asking('500m')), { small: [pod('1', { spec: asking('600m') })] });
    expect(crowded.events[0]?.message).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    );
  });

  it('ends with the number of its pods', () => {
    const three = ['1', '2', '3'].map((name) => pod(name));
    expect(refusal(decide([small], waiting(), { small: three }))).toBe(
      '0/1 nodes are available: 1 Too many pods.',
    );
  });

  it('counts the larger of the containers together and an init container, sidecars with both', () => {
    const resources = (cpu: string) => ({ resources: { requests: { cpu } } });
    const spec = {
      initContainers: [
        { name: 'side', restartPolicy: 'Always', ...resources('200m') },
        { name: 'init', ...resources('900m') },
      ],
      containers: [{ name: 'main', ...resources('300m') }],
    };
    expect(refusal(decide([small], waiting(spec)))).toContain('Insufficient cpu');
    spec.initContainers[1] = { name: 'init', ...resources('800m') };
    expect(nodeOf(decide([small], waiting(spec)))).toBe('small');
  });

  it('counts a limit as a request where there is no request', () => {
    const containers = [{ name: 'main', resources: { limits: { cpu: '2' } } }];
    expect(refusal(decide([small], waiting({ containers })))).toContain('Insufficient cpu');
  });

  it('is no room for two of the same host port', () => {
    const spec = { containers: [{ name: 'main', ports: [{ containerPort: 80, hostPort: 8080 }] }] };
    expect(refusal(decide([small], waiting(spec), { small: [pod('1', { spec })] }))).toBe(
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
    );
  });
});

describe('neighbours', () => {
  const term = { labelSelector: { matchLabels: { app: 'x' } }, topologyKey: 'kubernetes.io/hostname' };
  const rule = (kind: keyof Affinity) =>
    ({
      affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    }) as Partial<PodSpec>;
  const nodes = [node('a'), node('b')];

  it('that are wanted near draw a pod, and the first of them goes anywhere', () => {
    expect(nodeOf(decide(nodes, waiting(rule('podAffinity')), { b: [pod('1'), pod('2')] }))).toBe('b');
    expect(nodeOf(decide(nodes, waiting(rule('podAffinity'))))).toBe('a');
    const other = pod('p', {
      phase: 'Pending',
      metadata: { labels: {} },
      spec: { nodeName: '', ...rule('podAffinity') },
    });
    expect(refusal(decide(nodes, other))).toBe(
      "0/2 nodes are available: 2 node(s) didn't match pod affinity rules.",
    );
  });

  it('that are not wanted near keep a pod away, whichever of the two says so', () => {
    expect(nodeOf(decide(nodes, waiting(rule('podAntiAffinity')), { a: [pod('1')] }))).toBe('b');
    expect(refusal(decide(nodes, waiting(rule('podAntiAffinity')), { a: [pod('1')], b: [pod('2')] }))).toBe(
      "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
    );
    const lonely = pod('1', { spec: { ...rule('podAntiAffinity'), nodeName: 'a' } });
    expect(refusal(decide([node('a')], waiting(), { a: [lonely] }))).toBe(
      "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
    );
  });

  it('are spread as evenly as is asked for', () => {
    const topologySpreadConstraints = [
      { ...term, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', topologyKey: 'zone' },
    ];
    const zones = [node('a', { labels: { zone: '1' } }), node('b', { labels: { zone: '2' } }), node('c')];
    const spread = waiting({ topologySpreadConstraints });
    const there = { a: [pod('1')], b: [] as Pod[] };
    expect(nodeOf(decide(zones, spread, there))).toBe('b');
    expect(refusal(decide([node('c')], spread))).toBe(
      "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label).",
    );
  });
});

describe('claims', () => {
  const mounting = waiting({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] });
  const storage = (
    claim?: PersistentVolumeClaim,
    volume?: PersistentVolume,
    volumeBindingMode = 'WaitForFirstConsumer',
  ): SchedulingView['storage'] => ({
    claim: () => claim,
    volume: (name) => (name === 'pv' ? volume : undefined),
    storageClass: () => ({ provisioner: 'p', volumeBindingMode }),
  });
  const claim = (more: Partial<PersistentVolumeClaim> = {}): PersistentVolumeClaim => ({
    metadata: { name: 'data', namespace: 'a', resourceVersion: '7' },
    spec: { storageClassName: 'standard' },
    status: { phase: 'Pending' },
    ...more,
  });
  const given = (from: SchedulingView['storage']) => decide([node('n')], mounting, {}, from);

  it('that are missing or have no volume yet hold a pod back', () => {
    expect(refusal(given(storage()))).toBe(
      '0/1 nodes are available: persistentvolumeclaim "data" not found.',
    );
    expect(refusal(given(storage(claim(), undefined, 'Immediate')))).toBe(
      '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
    );
  });

  it('that wait for their first pod are told its node, and the pod waits for them', () => {
    const decision = given(storage(claim()));
    expect(decision).toMatchObject({
      effects: [
        {
          kind: 'patch',
          ref: { name: 'data', namespace: 'a' },
          patch: { metadata: { annotations: { [SELECTED_NODE]: 'n' } } },
          resourceVersion: '7',
        },
      ],
      events: [],
    });
    const told = claim({ metadata: { name: 'data', annotations: { [SELECTED_NODE]: 'n' } } });
    expect(given(storage(told)).effects).toEqual([]);
  });

  it('keep a pod to where their volumes are', () => {
    const bound = claim({ spec: { volumeName: 'pv' }, status: { phase: 'Bound' } });
    const at = (name: string): PersistentVolume => ({
      spec: {
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }] },
            ],
          },
        },
      },
    });
    expect(nodeOf(given(storage(bound, at('n'))))).toBe('n');
    expect(refusal(given(storage(bound, at('m'))))).toBe(
      '0/1 nodes are available: 1 node(s) had volume node affinity conflict.',
    );
  });
});
