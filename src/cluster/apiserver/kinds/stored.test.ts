import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/index.ts';
import { created, kindOf, texts, updated } from './testing.ts';

/** Kinds that are kept, checked and shown, and that nothing here acts on. */
function problems(plural: string, group: string, object: object): string[] {
  const kind = kindOf(plural, group);
  return texts(kind.strategy.validate?.(created(kind, { metadata: { name: 'a' }, ...object })));
}
const cells = (plural: string, group: string, object: object) =>
  kindOf(plural, group)
    .columns.map(({ cell }) => cell({ metadata: {}, ...object } as KubeObject, 0))
    .filter((value) => value !== '<unknown>');

describe('resource quotas', () => {
  it('bound what Kubernetes knows, and what has a domain', () => {
    const hard = { pods: '10', 'requests.cpu': '1', 'count/jobs.batch': '2', 'nvidia.com/gpu': 1 };
    expect(problems('resourcequotas', '', { spec: { hard } })).toEqual([]);
    expect(problems('resourcequotas', '', { spec: { hard: { pod: '10', cpu: '-1' } } })).toEqual([
      'spec.hard[pod] Invalid must be a standard resource for quota',
      'spec.hard[cpu] Invalid must be greater than or equal to 0',
    ]);
  });

  it('show what is used of it', () => {
    const status = { hard: { pods: '4', 'limits.cpu': '2' }, used: { pods: '1' } };
    expect(cells('resourcequotas', '', { status })).toEqual(['pods: 1/4', 'limits.cpu: 0/2']);
  });
});

describe('limit ranges', () => {
  it('complete the limits of containers', () => {
    const limits = [
      { type: 'Container', max: { cpu: '2' }, min: { memory: '1Gi' }, default: { memory: '2Gi' } },
    ];
    expect(created(kindOf('limitranges'), { spec: { limits } }).spec).toEqual({
      limits: [
        {
          ...limits[0],
          default: { cpu: '2', memory: '2Gi' },
          defaultRequest: { cpu: '2', memory: '2Gi' },
        },
      ],
    });
  });

  it('are in order', () => {
    const limits = [{ type: 'Container', min: { cpu: '2' }, max: { cpu: '1' } }, { type: 'Container' }];
    expect(problems('limitranges', '', { spec: { limits } })).toEqual([
      'spec.limits[0].min[cpu] Invalid min value 2 is greater than default request value 1',
      'spec.limits[0].min[cpu] Invalid min value 2 is greater than default limit value 1',
      'spec.limits[0].min[cpu] Invalid min value 2 is greater than max value 1',
      'spec.limits[1].type Duplicate',
    ]);
  });
});

describe('network policies', () => {
  const group = 'networking.k8s.io';

  it('get the types of the rules that they have, and protocols', () => {
    const egress = [{ ports: [{ port: 53 }] }];
    expect(created(kindOf('networkpolicies', group), { spec: { podSelector: {}, egress } }).spec).toEqual({
      podSelector: {},
      egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }],
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  it('name peers and ranges that there can be', () => {
    const from = [
      {},
      { podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } },
      { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '11.0.0.0/16', 'x'] } },
    ];
    const ports = [
      { port: 8000, endPort: 7000 },
      { port: 'web', endPort: 7000 },
    ];
    const cidr = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    expect(problems('networkpolicies', group, { spec: { ingress: [{ from, ports }] } })).toEqual([
      'spec.ingress[0].ports[0].endPort Invalid must be greater than or equal to `port`',
      'spec.ingress[0].ports[1].endPort Invalid may not be specified when `port` is non-numeric',
      'spec.ingress[0].from[0] Required must specify a peer',
      'spec.ingress[0].from[1] Forbidden may not specify both ipBlock and another peer',
      'spec.ingress[0].from[2].ipBlock.except[1] Invalid must be a strict subset of `cidr`',
      `spec.ingress[0].from[2].ipBlock.except[2] Invalid ${cidr}`,
    ]);
  });
});

describe('admission webhooks', () => {
  const group = 'admissionregistration.k8s.io';
  const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
  const webhook = {
    name: 'pods.example.com',
    clientConfig: { service: { namespace: 'a', name: 'b' } },
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    rules,
  };

  it('get the defaults of a real server', () => {
    const kind = kindOf('mutatingwebhookconfigurations', group);
    expect(created(kind, { webhooks: [webhook] }).webhooks).toEqual([
      {
        ...webhook,
        clientConfig: { service: { namespace: 'a', name: 'b', port: 443 } },
        rules: [{ ...rules[0], scope: '*' }],
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        reinvocationPolicy: 'Never',
        timeoutSeconds: 10,
      },
    ]);
  });

  it('must say what they are called, when and how', () => {
    const bad = { name: 'pods', timeoutSeconds: 31, rules: [{ ...rules[0], operations: ['MAKE'] }] };
    expect(problems('validatingwebhookconfigurations', group, { webhooks: [bad] })).toEqual([
      'webhooks[0].admissionReviewVersions Required must specify one of v1, v1beta1',
      'webhooks[0].name Invalid should be a domain with at least three segments separated by dots',
      'webhooks[0].rules[0].operations[0] NotSupported supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
      'webhooks[0].sideEffects Required must specify one of None, NoneOnDryRun',
      'webhooks[0].timeoutSeconds Invalid the timeout value must be between 1 and 30 seconds',
      'webhooks[0].clientConfig Required exactly one of url or service is required',
    ]);
  });
});

describe('replication controllers', () => {
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'a', image: 'a' }] },
  };

  it('take selector and labels from their template', () => {
    const made = created(kindOf('replicationcontrollers'), { metadata: { name: 'a' }, spec: { template } });
    expect(made).toMatchObject({
      metadata: { labels: { app: 'web' }, generation: 1 },
      spec: { replicas: 1, selector: { app: 'web' } },
      status: { replicas: 0 },
    });
  });

  it('select the pods that they make', () => {
    const spec = { selector: { app: 'api' }, template };
    expect(problems('replicationcontrollers', '', { spec })).toEqual([
      'spec.template.metadata.labels Invalid `selector` does not match template `labels`',
    ]);
  });
});

describe('custom resource definitions', () => {
  const warnings = (strategy: string) =>
    kindOf('customresourcedefinitions', 'apiextensions.k8s.io').strategy.warnings?.({
      spec: { conversion: { strategy } },
    } as KubeObject);

  it('say that nothing converts objects', () => {
    expect(warnings('None')).toEqual([]);
    expect(warnings('Webhook')).toEqual([
      'spec.conversion: conversion webhooks are not called: objects have the same fields in every version',
    ]);
  });
});

describe('daemon sets', () => {
  const daemonSets = kindOf('daemonsets', 'apps');
  const annotation = 'deprecated.daemonset.template.generation';

  it('count their templates in an annotation', () => {
    const template = (image: string) => ({ spec: { containers: [{ name: 'a', image }] } });
    const first = created(daemonSets, { metadata: { name: 'a' }, spec: { template: template('a:1') } });
    expect(first.metadata?.annotations).toEqual({ [annotation]: '1' });
    const scaled = { ...first, spec: { ...(first.spec as object), minReadySeconds: 5 } };
    expect(updated(daemonSets, first, scaled).metadata?.annotations).toEqual({ [annotation]: '1' });
    const next = { ...first, metadata: { name: 'a' }, spec: { template: template('a:2') } };
    expect(updated(daemonSets, first, next).metadata?.annotations).toEqual({ [annotation]: '2' });
  });

  it('without a selector select nothing', () => {
    const spec = { template: { spec: { containers: [{ name: 'a', image: 'a' }] } } };
    expect(problems('daemonsets', 'apps', { spec })).toEqual([
      'spec.template.metadata.labels Invalid `selector` does not match template `labels`',
    ]);
  });
});

describe('claims', () => {
  it.each([
    ['a snapshot', { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' }, true],
    ['another claim', { kind: 'PersistentVolumeClaim', name: 's' }, true],
    ['what the older field does not know', { apiGroup: 'x', kind: 'Thing', name: 's' }, false],
  ])('are filled from %s', (_what, source, known) => {
    const claim = created(kindOf('persistentvolumeclaims'), { spec: { dataSource: source } });
    expect(claim.spec).toMatchObject(known ? { dataSource: source, dataSourceRef: source } : {});
    expect(Object.hasOwn(claim.spec as object, 'dataSource')).toBe(known);
  });

  it('are filled from anything by the newer field', () => {
    const dataSourceRef = { apiGroup: 'x', kind: 'Thing', name: 's' };
    const claim = created(kindOf('persistentvolumeclaims'), { spec: { dataSourceRef } });
    expect(claim.spec).toMatchObject({ dataSource: dataSourceRef, dataSourceRef });
  });
});

it('jobs and replica sets can be selected by the fields that kube-apiserver knows', () => {
  const { strategy } = kindOf('jobs', 'batch');
  expect(strategy.unknownFieldText?.('a.b')).toBe('field label "a.b" not supported for Job');
  expect(strategy.fields?.({ status: { succeeded: 2 } } as KubeObject)).toEqual({ 'status.successful': '2' });
  expect(kindOf('replicasets', 'apps').strategy.fields).toBeUndefined();
});
