import { describe, expect, it } from 'vitest';
import { created, kindOf, texts, updated } from './testing.ts';

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'registry.example/web:1' }] },
};
const workload = (spec: object = {}) => ({
  metadata: { name: 'a' },
  spec: { selector: { matchLabels: { app: 'web' } }, template, ...spec },
});

describe('deployments', () => {
  const deployments = kindOf('deployments', 'apps');
  const problems = (spec: object) =>
    texts(deployments.strategy.validate?.(created(deployments, workload(spec))));

  it('get the defaults of a real server', () => {
    expect(created(deployments, workload())).toMatchObject({
      metadata: { generation: 1 },
      spec: {
        replicas: 1,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        template: { spec: { restartPolicy: 'Always' } },
      },
      status: {},
    });
  });

  it('raise their generation with spec and annotations, not with labels, status or nothing', () => {
    const old = created(deployments, workload());
    const generation = (change: object, subresource?: 'status') =>
      updated(deployments, old, { ...old, ...change }, subresource).metadata?.generation;
    expect(generation({})).toBe(1);
    expect(generation({ spec: { ...(old.spec as object), replicas: 2 } })).toBe(2);
    expect(generation({ metadata: { ...old.metadata, annotations: { a: '1' } } })).toBe(2);
    expect(generation({ metadata: { ...old.metadata, labels: { a: '1' } } })).toBe(1);
    expect(generation({ spec: {}, status: { replicas: 3 } }, 'status')).toBe(1);
  });

  it('keep their status through the main resource, and spec and labels through the other', () => {
    const old = { ...created(deployments, workload()), status: { replicas: 1 } };
    expect(updated(deployments, old, { ...old, status: { replicas: 9 } }).status).toEqual({ replicas: 1 });
    const sent = {
      ...old,
      metadata: { ...old.metadata, labels: { x: 'y' } },
      spec: {},
      status: { replicas: 2 },
    };
    expect(updated(deployments, old, sent, 'status')).toEqual({ ...old, status: { replicas: 2 } });
  });

  it('are refused when the selector does not select their pods, or changes', () => {
    expect(problems({ selector: { matchLabels: { app: 'other' } } })).toEqual([
      'spec.template.metadata.labels Invalid `selector` does not match template `labels`',
    ]);
    expect(problems({ selector: undefined })).toEqual([
      'spec.selector Required',
      'spec.template.metadata.labels Invalid `selector` does not match template `labels`',
    ]);
    expect(problems({ selector: {} })).toEqual([
      'spec.selector Invalid empty selector is invalid for deployment',
    ]);
    expect(problems({ selector: { matchLabels: { app: 'b!' } } }).at(-1)).toBe(
      'spec.selector Invalid invalid label selector',
    );
    const old = created(deployments, workload());
    const next = created(deployments, workload({ selector: { matchLabels: { app: 'web', more: 'x' } } }));
    expect(texts(deployments.strategy.validateUpdate?.(next, old, undefined))).toEqual([
      'spec.selector Invalid field is immutable',
    ]);
  });

  it('are refused for numbers and strategies that make no sense', () => {
    const strategy = { type: 'Recreate', rollingUpdate: { maxSurge: 1 } };
    expect(problems({ replicas: -1, strategy, minReadySeconds: -1 })).toEqual([
      'spec.replicas Invalid must be greater than or equal to 0',
      "spec.strategy.rollingUpdate Forbidden may not be specified when strategy `type` is 'Recreate'",
      'spec.minReadySeconds Invalid must be greater than or equal to 0',
    ]);
    const zero = { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } };
    expect(problems({ strategy: zero })).toEqual([
      'spec.strategy.rollingUpdate.maxUnavailable Invalid may not be 0 when `maxSurge` is 0',
    ]);
    expect(problems({ minReadySeconds: 600 })).toEqual([
      'spec.progressDeadlineSeconds Invalid must be greater than minReadySeconds',
    ]);
  });
});

describe('replica sets', () => {
  const replicaSets = kindOf('replicasets', 'apps');

  it('start with an empty status whatever the client sends', () => {
    const object = created(replicaSets, { ...workload(), status: { replicas: 5, observedGeneration: 5 } });
    expect(object).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 0 } });
    expect(object.status).toEqual({ replicas: 0 });
  });

  it('refuse a status that contradicts itself, as a real server', () => {
    const status = { replicas: 1, readyReplicas: 2, availableReplicas: 3, observedGeneration: -1 };
    const object = { ...workload(), status };
    expect(texts(replicaSets.strategy.validateUpdate?.(object as never, object as never, 'status'))).toEqual([
      'status.observedGeneration Invalid must be greater than or equal to 0',
      'status.readyReplicas Invalid cannot be greater than status.replicas',
      'status.availableReplicas Invalid cannot be greater than status.replicas',
      'status.availableReplicas Invalid cannot be greater than readyReplicas',
    ]);
  });
});

describe('services', () => {
  const services = kindOf('services');
  const service = (spec: object) => created(services, { metadata: { name: 'a' }, spec });

  it('get defaults by their type', () => {
    expect(service({ ports: [{ port: 80 }] })).toMatchObject({
      spec: {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      },
      status: { loadBalancer: {} },
    });
    expect(service({ type: 'NodePort', ports: [{ port: 80 }] })).toMatchObject({
      spec: { externalTrafficPolicy: 'Cluster' },
    });
    expect(service({ type: 'ExternalName', externalName: 'db.example.com' }).spec).toEqual({
      type: 'ExternalName',
      externalName: 'db.example.com',
      sessionAffinity: 'None',
    });
  });

  it('are refused as a real server refuses them', () => {
    const bad = service({
      type: 'Nosuch',
      sessionAffinity: 'Maybe',
      ports: [{ port: 0 }, { port: 80, protocol: 'ICMP' }],
    });
    expect(texts(services.strategy.validate?.(bad))).toEqual([
      'spec.ports[0].name Required',
      'spec.ports[0].port Invalid must be between 1 and 65535, inclusive',
      'spec.ports[0].targetPort Invalid must be between 1 and 65535, inclusive',
      'spec.ports[1].name Required',
      'spec.ports[1].protocol NotSupported supported values: "SCTP", "TCP", "UDP"',
      'spec.sessionAffinity NotSupported supported values: "ClientIP", "None"',
      'spec.type NotSupported supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ]);
    expect(texts(services.strategy.validate?.(service({})))).toEqual(['spec.ports Required']);
  });

  it.each([
    [{ clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.1'] }],
    [{ clusterIP: '10.0.0.2' }],
    [{ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.2'] }],
  ])('keeps its address: %j is refused', (changed) => {
    const ports = [{ port: 80 }];
    const old = service({ ports, clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] });
    const next = service({ ports, ...changed });
    expect(texts(services.strategy.validateUpdate?.(next, old, undefined))).toEqual([
      'spec.clusterIPs[0] Invalid may not change once set',
    ]);
  });
});

describe('ingresses', () => {
  const ingresses = kindOf('ingresses', 'networking.k8s.io');

  it('are refused as a real server refuses them', () => {
    const paths = [
      { path: 'x', pathType: 'Exact', backend: { service: { name: 'web', port: {} } } },
      { path: '/y', backend: {} },
    ];
    const object = created(ingresses, {
      metadata: { name: 'b' },
      spec: { rules: [{ host: '1.2.3.4', http: { paths } }] },
    });
    expect(texts(ingresses.strategy.validate?.(object))).toEqual([
      'spec.rules[0].host Invalid must be a DNS name, not an IP address',
      'spec.rules[0].http.paths[0].path Invalid must be an absolute path',
      'spec.rules[0].http.paths[0].backend Required port name or number is required',
      'spec.rules[0].http.paths[1].pathType Required pathType must be specified',
    ]);
  });

  it('need rules or a default backend, and accept wildcard hosts', () => {
    expect(ingresses.strategy.validate?.(created(ingresses, { spec: {} }))).toHaveLength(1);
    const backend = { service: { name: 'web', port: { number: 80 } } };
    const paths = [{ path: '/', pathType: 'Prefix', backend }];
    const spec = { rules: [{ host: '*.example.com', http: { paths } }] };
    expect(ingresses.strategy.validate?.(created(ingresses, { spec }))).toEqual([]);
  });
});

describe('other kinds', () => {
  it('namespaces carry their name as a label and keep their finalizer', () => {
    const namespaces = kindOf('namespaces');
    const object = created(namespaces, { metadata: { name: 'n' } });
    expect(object).toEqual({
      metadata: { name: 'n', labels: { 'kubernetes.io/metadata.name': 'n' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
    const sent = {
      ...object,
      metadata: { name: 'n', labels: { 'kubernetes.io/metadata.name': 'x', a: '1' } },
    };
    expect(updated(namespaces, object, { ...sent, spec: {} })).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'n', a: '1' } },
      spec: { finalizers: ['kubernetes'] },
    });
  });

  it('secrets take text, need the keys of their type, and keep it', () => {
    const secrets = kindOf('secrets');
    const sent = { data: { one: 'MQ==', two: 'Mg==' }, stringData: { two: 'zwei' } };
    expect(created(secrets, sent)).toMatchObject({ type: 'Opaque', data: { one: 'MQ==', two: 'endlaQ==' } });
    const tls = created(secrets, { type: 'kubernetes.io/tls', data: { 'tls.crt': 'MQ==' } });
    expect(texts(secrets.strategy.validate?.(tls))).toEqual(['data[tls.key] Required']);
    expect(texts(secrets.strategy.validateUpdate?.(tls, created(secrets, {}), undefined))).toEqual([
      'type Invalid field is immutable',
    ]);
  });

  it('immutable config maps stay', () => {
    const configMaps = kindOf('configmaps');
    const old = created(configMaps, { immutable: true, data: { a: '1' } });
    const next = created(configMaps, { data: { a: '2' } });
    expect(texts(configMaps.strategy.validateUpdate?.(next, old, undefined))).toEqual([
      'immutable Forbidden field is immutable when `immutable` is set',
      'data Forbidden field is immutable when `immutable` is set',
    ]);
  });

  it('jobs label their pods and refuse to run them forever', () => {
    const jobs = kindOf('jobs', 'batch');
    const spec = { template: { spec: { ...template.spec, restartPolicy: 'Never' } } };
    const job = created(jobs, { metadata: { name: 'j', uid: 'u' }, spec });
    expect(job).toMatchObject({
      spec: {
        completions: 1,
        parallelism: 1,
        backoffLimit: 6,
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } },
        template: { metadata: { labels: { 'job-name': 'j', 'controller-uid': 'u' } } },
      },
    });
    expect(jobs.strategy.validate?.(job)).toEqual([]);
    const always = created(jobs, {
      metadata: { name: 'j', uid: 'u' },
      spec: { template: { spec: template.spec } },
    });
    expect(texts(jobs.strategy.validate?.(always))).toEqual([
      'spec.template.spec.restartPolicy Required valid values: "OnFailure", "Never"',
    ]);
  });

  it('events are the same through both groups', () => {
    const old = kindOf('events');
    const recent = kindOf('events', 'events.k8s.io');
    const stored = created(old, {
      metadata: { name: 'a' },
      involvedObject: { kind: 'Pod', name: 'p' },
      message: 'Pulled',
      count: 3,
    });
    const shown = recent.strategy.fromStorage!(stored);
    expect(shown).toMatchObject({
      regarding: { kind: 'Pod', name: 'p' },
      note: 'Pulled',
      deprecatedCount: 3,
    });
    expect(recent.strategy.toStorage!(shown)).toMatchObject({
      involvedObject: { name: 'p' },
      message: 'Pulled',
      count: 3,
    });
    expect(recent.strategy.fields?.(shown)).toMatchObject({ 'regarding.kind': 'Pod', 'regarding.name': 'p' });
  });

  it('autoscalers are the same in both versions', () => {
    const [v1, v2] = [
      kindOf('horizontalpodautoscalers', 'autoscaling', 'v1'),
      kindOf('horizontalpodautoscalers', 'autoscaling', 'v2'),
    ];
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    const sent = created(v1, { metadata: { name: 'h' }, spec: { scaleTargetRef, maxReplicas: 5 } });
    expect(sent).toMatchObject({ spec: { minReplicas: 1, targetCPUUtilizationPercentage: 80 } });
    const stored = v1.strategy.toStorage!(sent);
    expect(stored).toMatchObject({
      spec: {
        metrics: [{ resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
      },
    });
    expect(v2.strategy.validate?.(stored)).toEqual([]);
    expect(v1.strategy.fromStorage!(stored)).toMatchObject({ spec: { targetCPUUtilizationPercentage: 80 } });
  });

  it('autoscalers, leases and budgets are refused as a real server refuses them', () => {
    const v1 = kindOf('horizontalpodautoscalers', 'autoscaling', 'v1');
    const spec = {
      scaleTargetRef: { kind: 'Deployment', name: '' },
      minReplicas: 3,
      maxReplicas: 2,
      targetCPUUtilizationPercentage: 0,
    };
    expect(texts(v1.strategy.validate?.(created(v1, { spec })))).toEqual([
      'spec.maxReplicas Invalid must be greater than or equal to `minReplicas`',
      'spec.scaleTargetRef.name Required',
      'spec.metrics[0].resource.target.averageUtilization Invalid must be greater than 0',
    ]);
    const leases = kindOf('leases', 'coordination.k8s.io');
    const lease = created(leases, { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } });
    expect(texts(leases.strategy.validate?.(lease))).toEqual([
      'spec.leaseDurationSeconds Invalid must be greater than 0',
      'spec.leaseTransitions Invalid must to greater or equal than 0',
    ]);
    const budgets = kindOf('poddisruptionbudgets', 'policy');
    const both = created(budgets, { spec: { minAvailable: 1, maxUnavailable: 1 } });
    expect(texts(budgets.strategy.validate?.(both))).toEqual([
      'spec Invalid minAvailable and maxUnavailable cannot be both set',
    ]);
    const odd = created(budgets, { spec: { minAvailable: '101%', unhealthyPodEvictionPolicy: 'Never' } });
    expect(texts(budgets.strategy.validate?.(odd))).toEqual([
      'spec.minAvailable Invalid must not be greater than 100%',
      'spec.unhealthyPodEvictionPolicy NotSupported supported values: "AlwaysAllow", "IfHealthyBudget"',
    ]);
  });

  it('endpoint slices keep their address type', () => {
    const slices = kindOf('endpointslices', 'discovery.k8s.io');
    const old = created(slices, {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'] }],
      ports: [{ port: 80 }],
    });
    expect(old).toMatchObject({
      endpoints: [{ addresses: ['10.0.0.1'], conditions: {} }],
      ports: [{ name: '', port: 80, protocol: 'TCP' }],
    });
    const next = created(slices, { addressType: 'FQDN', endpoints: [{ addresses: ['web.example.com'] }] });
    expect(texts(slices.strategy.validateUpdate?.(next, old, undefined))).toEqual([
      'addressType Invalid field is immutable',
    ]);
  });

  it('role bindings keep their role', () => {
    const bindings = kindOf('rolebindings', 'rbac.authorization.k8s.io');
    const binding = (name: string) => created(bindings, { roleRef: { kind: 'Role', name }, subjects: [] });
    expect(bindings.strategy.validate?.(binding('a'))).toEqual([]);
    expect(texts(bindings.strategy.validateUpdate?.(binding('a'), binding('b'), undefined))).toEqual([
      'roleRef Invalid cannot change roleRef',
    ]);
  });
});
