import type {
  Container,
  ContainerPort,
  DownwardAPIVolumeFile,
  EnvVar,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  ObjectFieldSelector,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceFieldSelector,
  Volume,
  VolumeProjection,
} from 'kubernetes-types/core/v1.d.ts';
import { compact } from '../compact.ts';

/** What kube-apiserver fills into pods and pod templates. */
const defaultMode = 420; // 0644

/** A pod template with its defaults. */
export function defaultTemplate(template: PodTemplateSpec | undefined): PodTemplateSpec {
  return { ...template, metadata: template?.metadata ?? {}, spec: defaultPodSpec(template?.spec) };
}

/** A pod with its defaults: those of its spec, and requests taken from limits. */
export function defaultPod(pod: Pod): Pod {
  const spec = defaultPodSpec(pod.spec);
  return {
    ...pod,
    spec: compact({
      ...spec,
      enableServiceLinks: spec.enableServiceLinks ?? true,
      containers: spec.containers?.map(requestsFromLimits),
      initContainers: spec.initContainers?.map(requestsFromLimits),
    }),
  };
}

function requestsFromLimits(container: Container): Container {
  const { limits, requests } = container.resources ?? {};
  if (!limits) return container;
  return { ...container, resources: { ...container.resources, requests: { ...limits, ...requests } } };
}

function defaultPodSpec(spec: PodSpec | undefined): PodSpec {
  const given: Partial<PodSpec> = spec ?? {};
  const account = given.serviceAccountName ?? given.serviceAccount;
  const withPorts = (container: Container) => defaultContainer(container, given.hostNetwork === true);
  return compact({
    ...given,
    volumes: given.volumes?.map(defaultVolume),
    initContainers: given.initContainers?.map(withPorts),
    containers: given.containers?.map(withPorts) ?? [],
    ephemeralContainers: given.ephemeralContainers?.map((container) => ({
      ...container,
      ...defaultContainer(container, false),
    })),
    restartPolicy: given.restartPolicy ?? 'Always',
    terminationGracePeriodSeconds: given.terminationGracePeriodSeconds ?? 30,
    dnsPolicy: given.dnsPolicy ?? 'ClusterFirst',
    serviceAccountName: account,
    serviceAccount: account,
    securityContext: given.securityContext ?? {},
    schedulerName: given.schedulerName ?? 'default-scheduler',
  });
}

function defaultContainer(container: Container, hostNetwork: boolean): Container {
  return compact({
    ...container,
    ports: container.ports?.map(
      (port): ContainerPort => ({
        ...port,
        ...(hostNetwork && { hostPort: port.hostPort || port.containerPort }),
        protocol: port.protocol ?? 'TCP',
      }),
    ),
    env: container.env?.map(defaultEnv),
    resources: container.resources ?? {},
    livenessProbe: container.livenessProbe && defaultProbe(container.livenessProbe),
    readinessProbe: container.readinessProbe && defaultProbe(container.readinessProbe),
    startupProbe: container.startupProbe && defaultProbe(container.startupProbe),
    lifecycle: container.lifecycle && defaultLifecycle(container.lifecycle),
    terminationMessagePath: container.terminationMessagePath ?? '/dev/termination-log',
    terminationMessagePolicy: container.terminationMessagePolicy ?? 'File',
    imagePullPolicy: container.imagePullPolicy ?? pullPolicy(container.image),
  });
}

/** Whether a name of an image can be read as one: a host, a path in lower case, a tag. */
function isReference(image: string): boolean {
  const [, name = ''] = /^(.*?)(?::[\w][\w.-]{0,127})?$/.exec(image) ?? [];
  const [first = '', ...rest] = name.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || /[A-Z]/.test(first));
  const path = hasHost ? rest : [first, ...rest];
  const part = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
  return path.every((each) => part.test(each)) && path.join('/').length <= 255;
}

/** `latest`, or no tag at all, may change at any time; any other tag, or a digest, is taken not to. */
function pullPolicy(image = ''): string {
  // What is no reference has no tag either.
  if (image.includes('@') || !/^[a-z0-9]/i.test(image) || !isReference(image)) return 'IfNotPresent';
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultEnv(variable: EnvVar): EnvVar {
  return variable.valueFrom ? { ...variable, valueFrom: defaultReferences(variable.valueFrom) } : variable;
}

/** What refers to a field of the pod names the version, what refers to a resource the unit in which it is counted. */
function defaultReferences<
  T extends { fieldRef?: ObjectFieldSelector; resourceFieldRef?: ResourceFieldSelector },
>(source: T): T {
  const { fieldRef, resourceFieldRef } = source;
  return {
    ...source,
    ...(fieldRef && { fieldRef: { apiVersion: 'v1', ...fieldRef } }),
    ...(resourceFieldRef && { resourceFieldRef: { divisor: '0', ...resourceFieldRef } }),
  };
}

function defaultHttpGet(action: HTTPGetAction): HTTPGetAction {
  return { ...action, path: action.path ?? '/', scheme: action.scheme ?? 'HTTP' };
}

function defaultProbe(probe: Probe): Probe {
  return compact({
    ...probe,
    httpGet: probe.httpGet && defaultHttpGet(probe.httpGet),
    grpc: probe.grpc && { ...probe.grpc, service: probe.grpc.service ?? '' },
    timeoutSeconds: probe.timeoutSeconds ?? 1,
    periodSeconds: probe.periodSeconds ?? 10,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  });
}

function defaultLifecycle(lifecycle: Lifecycle): Lifecycle {
  const handler = (given: LifecycleHandler): LifecycleHandler =>
    given.httpGet ? { ...given, httpGet: defaultHttpGet(given.httpGet) } : given;
  return compact({
    ...lifecycle,
    postStart: lifecycle.postStart && handler(lifecycle.postStart),
    preStop: lifecycle.preStop && handler(lifecycle.preStop),
  });
}

function defaultVolume(volume: Volume): Volume {
  const { name, ...source } = volume;
  if (Object.keys(source).length === 0) return { name, emptyDir: {} };
  const { configMap, secret, downwardAPI, projected, hostPath, iscsi, rbd, scaleIO, azureDisk, ephemeral } =
    source;
  return compact({
    ...volume,
    configMap: configMap && { defaultMode, ...configMap },
    secret: secret && { defaultMode, ...secret },
    downwardAPI: downwardAPI && {
      defaultMode,
      ...downwardAPI,
      items: downwardAPI.items?.map(defaultReferences<DownwardAPIVolumeFile>),
    },
    projected: projected && {
      defaultMode,
      ...projected,
      sources: projected.sources?.map(defaultProjection),
    },
    hostPath: hostPath && { ...hostPath, type: hostPath.type ?? '' },
    iscsi: iscsi && { iscsiInterface: 'default', ...iscsi },
    rbd: rbd && { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring', ...rbd },
    scaleIO: scaleIO && { storageMode: 'ThinProvisioned', fsType: 'xfs', ...scaleIO },
    azureDisk: azureDisk && {
      cachingMode: 'ReadWrite',
      fsType: 'ext4',
      readOnly: false,
      kind: 'Shared',
      ...azureDisk,
    },
    ephemeral: ephemeral && {
      ...ephemeral,
      ...(ephemeral.volumeClaimTemplate && {
        volumeClaimTemplate: {
          ...ephemeral.volumeClaimTemplate,
          spec: { volumeMode: 'Filesystem', ...ephemeral.volumeClaimTemplate.spec },
        },
      }),
    },
  });
}

function defaultProjection(part: VolumeProjection): VolumeProjection {
  const { serviceAccountToken, downwardAPI } = part;
  return {
    ...part,
    ...(serviceAccountToken && { serviceAccountToken: { expirationSeconds: 3600, ...serviceAccountToken } }),
    ...(downwardAPI && {
      downwardAPI: {
        ...downwardAPI,
        items: downwardAPI.items?.map(defaultReferences<DownwardAPIVolumeFile>),
      },
    }),
  } as VolumeProjection;
}
