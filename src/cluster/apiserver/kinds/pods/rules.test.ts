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
      podAntiAffinity: { [preferred]: [{ weight: 0, podAffinityTerm: { topologyKey: '' } }] },
    };
    const topologySpreadConstraints = [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'Never' }];
    expect(problems({ affinity, topologySpreadConstraints })).toEqual([
      `spec.affinity.nodeAffinity.${required}.nodeSelectorTerms Required must have at least one node selector term`,
      `spec.affinity.podAntiAffinity.${preferred}[0].weight Invalid must be in the range 1-100`,
      `spec.affinity.podAntiAffinity.${preferred}[0].podAffinityTerm.topologyKey Required can not be empty`,
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
