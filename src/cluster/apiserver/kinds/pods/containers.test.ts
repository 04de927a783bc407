import { expect, it } from 'vitest';
import { created, kindOf } from '../testing.ts';

/** Refusals as kube-apiserver 1.34 words them, for one thing that is wrong each. */

const pods = kindOf('pods');
const volumes = [
  { name: 'v', emptyDir: {} },
  { name: 'claim', persistentVolumeClaim: { claimName: 'c' } },
];
const problems = (container: object, spec: object = {}) => {
  const containers = [{ name: 'a', image: 'x', ...container }];
  const pod = created(pods, { metadata: { name: 'a' }, spec: { volumes, containers, ...spec } });
  return (pods.strategy.validate?.(pod) ?? []).map(({ field, detail }) =>
    `${field.replace(/^spec\.(containers\[0\]\.)?/, '')} ${detail}`.trim(),
  );
};
const env = (valueFrom: object) => ({ env: [{ name: 'A', valueFrom }] });
const mount = (more: object) => ({ volumeMounts: [{ name: 'v', mountPath: '/m', ...more }] });
const volume = (source: object) => [{ name: 'x', ...source }];

it.each<[string, object, string]>([
  [
    'a name with =',
    { env: [{ name: 'a=b' }] },
    "env[0].name a valid environment variable name must consist only of printable ASCII characters other than '='",
  ],
  [
    'an unknown version',
    env({ fieldRef: { apiVersion: 'v2', fieldPath: 'metadata.name' } }),
    'env[0].valueFrom.fieldRef.fieldPath error converting fieldPath: unsupported pod version: v2',
  ],
  [
    'a subscript of a field without',
    env({ fieldRef: { fieldPath: "status.podIP['a']" } }),
    "env[0].valueFrom.fieldRef.fieldPath error converting fieldPath: field label does not support subscript: status.podIP['a']",
  ],
  [
    'an unknown resource',
    env({ resourceFieldRef: { resource: 'limits.gpu' } }),
    'env[0].valueFrom.resourceFieldRef.resource supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
  ],
  [
    'an odd unit',
    env({ resourceFieldRef: { resource: 'limits.cpu', divisor: '7' } }),
    "env[0].valueFrom.resourceFieldRef.divisor only divisor's values 1m and 1 are supported with the cpu resource",
  ],
  [
    'a source without any',
    { envFrom: [{ prefix: 'A' }] },
    'envFrom must specify one of: `configMapRef` or `secretRef`',
  ],
  ['a source without a name', { envFrom: [{ secretRef: {} }] }, 'envFrom[0].secretRef.name'],
  ['a volume that is not there', mount({ name: 'w' }), 'volumeMounts[0].name'],
  ['a path that leads out', mount({ subPath: 'a/../b' }), "volumeMounts.subPath must not contain '..'"],
  [
    'two sub-paths',
    mount({ subPath: 'a', subPathExpr: 'b' }),
    'volumeMounts[0].subPathExpr subPathExpr and subPath are mutually exclusive',
  ],
  [
    'propagation to the host',
    mount({ mountPropagation: 'Bidirectional' }),
    'volumeMounts.mountPropagation Bidirectional mount propagation is available only to privileged containers',
  ],
  [
    'a recursion that is written to',
    mount({ recursiveReadOnly: 'Enabled' }),
    'volumeMounts.recursiveReadOnly may only be specified when readOnly is true',
  ],
  [
    'a device of files',
    { volumeDevices: [{ name: 'v', devicePath: '/d' }] },
    'volumeDevices[0].name can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
  ],
  [
    'a header with a space',
    { livenessProbe: { httpGet: { port: 80, httpHeaders: [{ name: 'a b', value: '' }] } } },
    "livenessProbe.httpGet.httpHeaders a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
  ],
  [
    'a grpc port of 0',
    { startupProbe: { grpc: { port: 0 } } },
    'startupProbe.grpc.port must be between 1 and 65535, inclusive',
  ],
  [
    'a grace of readiness',
    { readinessProbe: { exec: { command: ['a'] }, terminationGracePeriodSeconds: 1 } },
    'readinessProbe.terminationGracePeriodSeconds must not be set for readinessProbes',
  ],
  [
    'a grace of nothing',
    { livenessProbe: { exec: { command: ['a'] }, terminationGracePeriodSeconds: 0 } },
    'livenessProbe.terminationGracePeriodSeconds must be greater than 0',
  ],
  [
    'a sleep that outlasts the pod',
    { lifecycle: { preStop: { sleep: { seconds: 31 } } } },
    'lifecycle.preStop.sleep must be non-negative and less than terminationGracePeriodSeconds (30)',
  ],
  [
    'a profile without a type',
    { securityContext: { seccompProfile: {} } },
    'securityContext.seccompProfile.type type is required when seccompProfile is set',
  ],
  [
    'a profile without its file',
    { securityContext: { appArmorProfile: { type: 'Localhost' } } },
    'securityContext.appArmorProfile.localhostProfile must be set when AppArmor type is Localhost',
  ],
])('refuses %s', (_what, container, problem) => {
  expect(problems(container)).toEqual([problem]);
});

it.each<[string, object, string]>([
  [
    'a field that files cannot have',
    { downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'status.podIP' } }] } },
    'volumes[0].downwardAPI.fieldRef.fieldPath supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
  ],
  [
    'a file of nothing',
    { downwardAPI: { items: [{ path: 'a' }] } },
    'volumes[0].downwardAPI one of fieldRef and resourceFieldRef is required',
  ],
  [
    'a resource of no container',
    { downwardAPI: { items: [{ path: 'a', resourceFieldRef: { resource: 'limits.cpu' } }] } },
    'volumes[0].downwardAPI.resourceFieldRef.containerName',
  ],
  [
    'a token that lives too short',
    { projected: { sources: [{ serviceAccountToken: { path: 'a', expirationSeconds: 1 } }] } },
    'volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds may not specify a duration less than 10 minutes',
  ],
  [
    'two things in one source',
    { projected: { sources: [{ secret: { name: 'a' }, configMap: { name: 'b' } }] } },
    'volumes[0].projected.sources[0] may not specify more than 1 volume type per source',
  ],
  [
    'a name that Kubernetes keeps',
    { configMap: { name: 'a', items: [{ key: 'a', path: '..b' }] } },
    "volumes[0].configMap.items[0].path must not start with '..'",
  ],
  ['a relative export', { nfs: { server: 'a', path: 'b' } }, 'volumes[0].nfs.path must be an absolute path'],
  [
    'a claim without a size',
    { ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } },
    'volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]',
  ],
  [
    'a secret without a name',
    { csi: { driver: 'a.b', nodePublishSecretRef: {} } },
    'volumes[0].csi.nodePublishSecretRef.name',
  ],
])('refuses a volume with %s', (_what, source, problem) => {
  expect(problems({}, { volumes: volume(source) })).toEqual([problem]);
});

it('refuses probes and hooks of what runs before the others, unless it stays', () => {
  const exec = { exec: { command: ['a'] } };
  const init = { name: 'i', image: 'x', readinessProbe: exec, lifecycle: { preStop: exec } };
  const detail = 'may not be set for init containers without restartPolicy=Always';
  expect(problems({}, { initContainers: [init] })).toEqual([
    `initContainers[0].lifecycle ${detail}`,
    `initContainers[0].readinessProbe ${detail}`,
  ]);
  expect(problems({}, { initContainers: [{ ...init, restartPolicy: 'Always' }] })).toEqual([]);
});

it('lets be mounted what could be found only', () => {
  const broken = [{ name: 'v', configMap: {} }];
  expect(problems(mount({}), { volumes: broken })).toEqual([
    'volumes[0].configMap.name',
    'volumeMounts[0].name',
  ]);
});
