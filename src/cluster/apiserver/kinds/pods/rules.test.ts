import { describe, expect, it } from 'vitest';
import { created, kindOf, texts } from '../testing.ts';

const pods = kindOf('pods');
const container = { name: 'a', image: 'x' };
function problems(spec: object): string[] {
  const pod = { metadata: { name: 'a' }, spec: { containers: [container], ...spec } };
  return texts(pods.strategy.validate?.(created(pods, pod)));
}

describe('where a pod may run', () => {
  it('is said with tolerations that make sense', () => {
    const tolerations = [
      { operator: 'Equal', value: 'x' },
      { key: 'a', operator: 'Exists', value: 'x' },
      { key: 'a', operator: 'Exists', tolerationSeconds: 1, effect: 'NoSchedule' },
      { operator: 'Exists' },
    ];
    expect(problems({ tolerations })).toEqual([
      'spec.tolerations[0].operator Invalid operator must be Exists when `key` is empty, which means "match all values and all keys"',
      "spec.tolerations[1].operator Invalid value must be empty when `operator` is 'Exists'",
      "spec.tolerations[2].effect Invalid effect must be 'NoExecute' when `tolerationSeconds` is set",
    ]);
  });

  it('is said with affinities and constraints that make sense', () => {
    const required = 'requiredDuringSchedulingIgnoredDuringExecution';
    const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
    const affinity = {
      nodeAffinity: { [required]: { nodeSelectorTerms: [] } },
      podAntiAffinity: { [preferred]: [{ weight: 0, podAffinityTerm: { topologyKey: 'a/' } }] },
    };
    const topologySpreadConstraints = [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'Never' }];
    expect(problems({ affinity, topologySpreadConstraints })).toEqual([
      `spec.affinity.nodeAffinity.${required}.nodeSelectorTerms Required must have at least one node selector term`,
      `spec.affinity.podAntiAffinity.${preferred}[0].weight Invalid must be in the range 1-100`,
      `spec.affinity.podAntiAffinity.${preferred}[0].podAffinityTerm.topologyKey Invalid name part must be non-empty`,
      expect.stringContaining('name part must consist of'),
      'spec.topologySpreadConstraints[0].maxSkew Invalid must be greater than zero',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable NotSupported supported values: "DoNotSchedule", "ScheduleAnyway"',
    ]);
  });
});

describe('volumes', () => {
  it('come from one place, that is named', () => {
    const volumes = [
      { name: 'a', emptyDir: {}, hostPath: { path: '/' } },
      { name: 'b', secret: { defaultMode: 512 } },
      { name: 'c', configMap: { name: 'c', items: [{ key: 'k', path: '../x' }] } },
      { name: 'd', persistentVolumeClaim: {} },
      { name: 'e', hostPath: { path: '/a/../b', type: 'Folder' } },
      { name: 'f', hostPath: { path: '/a' } },
    ];
    expect(problems({ volumes })).toEqual([
      'spec.volumes[0].hostPath Forbidden may not specify more than 1 volume type',
      'spec.volumes[1].secret.secretName Required',
      'spec.volumes[1].secret.defaultMode Invalid must be a number between 0 and 0777 (octal), both inclusive',
      "spec.volumes[2].configMap.items[0].path Invalid must not contain '..'",
      'spec.volumes[3].persistentVolumeClaim.claimName Required',
      "spec.volumes[4].hostPath.path Invalid must not contain '..'",
      'spec.volumes[4].hostPath.type NotSupported supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ]);
  });
});

describe('the environment', () => {
  it('takes fields that a pod has', () => {
    const env = [...['metadata.name', "metadata.labels['app']", 'status.podIP', 'status.phase', 'foo']].map(
      (fieldPath, i) => ({ name: `V${i}`, valueFrom: { fieldRef: { fieldPath } } }),
    );
    const supported =
      '"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"';
    const field = (i: number) => `spec.containers[0].env[${i}].valueFrom.fieldRef.fieldPath`;
    expect(problems({ containers: [{ ...container, env }] })).toEqual([
      `${field(3)} NotSupported supported values: ${supported}`,
      `${field(4)} Invalid error converting fieldPath: field label not supported: foo`,
    ]);
  });
});

it.each<[string, object, string]>([
  [
    'another field of a node',
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'a', operator: 'In', values: ['b'] }] }],
          },
        },
      },
    },
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key Invalid not a valid field selector key',
  ],
  [
    'two names of a node',
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a', 'b'] }] },
            ],
          },
        },
      },
    },
    "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].values Required must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
  ],
  [
    'labels of no selector',
    {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['b'] },
      ],
    },
    'spec.topologySpreadConstraints[0].matchLabelKeys Forbidden must not be specified when labelSelector is not set',
  ],
  [
    'domains of a wish',
    {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 2 },
      ],
    },
    'spec.topologySpreadConstraints[0].minDomains Invalid can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
  ],
  [
    'two constraints that say the same',
    {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' },
        { maxSkew: 2, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' },
      ],
    },
    'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable} Duplicate',
  ],
  [
    'a gate twice',
    { schedulingGates: [{ name: 'a/b' }, { name: 'a/b' }] },
    'spec.schedulingGates[1] Duplicate',
  ],
  [
    'a node in spite of a gate',
    { schedulingGates: [{ name: 'a/b' }], nodeName: 'n' },
    'spec.nodeName Forbidden cannot be set until all schedulingGates have been cleared',
  ],
  [
    'an unknown system',
    { os: { name: 'plan9' } },
    'spec.os NotSupported supported values: "linux", "windows"',
  ],
  [
    'no resolver',
    { dnsPolicy: 'None' },
    'spec.dnsConfig Required must provide `dnsConfig` when `dnsPolicy` is None',
  ],
  [
    'four resolvers',
    { dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } },
    'spec.dnsConfig.nameservers Invalid must not have more than 3 nameservers',
  ],
  [
    'an option without a name',
    { dnsConfig: { options: [{ value: '1' }] } },
    'spec.dnsConfig.options[0] Required must not be empty',
  ],
  [
    'processes shared twice',
    { shareProcessNamespace: true, hostPID: true },
    'spec.securityContext.shareProcessNamespace Invalid ShareProcessNamespace and HostPID cannot both be enabled',
  ],
  [
    'a parameter twice',
    {
      securityContext: {
        sysctls: [
          { name: 'a.b', value: '' },
          { name: 'a.b', value: '' },
        ],
      },
    },
    'spec.securityContext.sysctls[1].name Duplicate',
  ],
  [
    'a policy for groups',
    { securityContext: { fsGroupChangePolicy: 'Never' } },
    'spec.securityContext.fsGroupChangePolicy NotSupported supported values: "Always", "OnRootMismatch"',
  ],
])('refuses %s', (_what, spec, problem) => {
  expect(problems(spec)).toEqual([problem]);
});

it('takes search domains with underscores, the root and a dot at the end', () => {
  expect(problems({ dnsConfig: { searches: ['_tcp.a_b.example', '.', 'example.com.'] } })).toEqual([]);
});

it('gives a pod at least a second to end', () => {
  const pod = created(pods, { spec: { containers: [container], terminationGracePeriodSeconds: -5 } });
  expect(pod.spec).toMatchObject({ terminationGracePeriodSeconds: 1 });
});
