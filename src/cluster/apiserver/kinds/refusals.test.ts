import { describe, expect, it } from 'vitest';
import { created, kindOf, texts } from './testing.ts';

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const selector = { matchLabels: { a: 'b' } };
const late = { ...template, spec: { ...template.spec, activeDeadlineSeconds: 5 } };
const webhook = {
  name: 'a.example.com',
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
};

describe('refuses, as kube-apiserver does,', () => {
  it.each([
    [
      'endpoints',
      '',
      {
        subsets: [
          {
            addresses: [{ ip: 'x', hostname: 'A' }],
            ports: [
              { port: 0, name: 'ok' },
              { port: 80, protocol: 'X' },
            ],
          },
          {},
        ],
      },
      [
        'subsets[0].addresses[0].ip Invalid must be a valid IP address',
        'subsets[0].addresses[0].hostname Invalid a lowercase RFC 1123 label',
        'subsets[0].ports[0].port Invalid must be between 1 and 65535, inclusive',
        'subsets[0].ports[1].name Required',
        'subsets[0].ports[1].protocol NotSupported supported values: "SCTP", "TCP", "UDP"',
        'subsets[1] Required must specify `addresses` or `notReadyAddresses`',
      ],
    ],
    [
      'endpointslices',
      'discovery.k8s.io',
      {
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.0.0.1'], hostname: 'A' }],
        ports: [{ name: 'a' }, { name: 'a', appProtocol: 'a b' }],
      },
      [
        'endpoints[0].hostname Invalid a lowercase RFC 1123 label',
        'ports[1].name Duplicate',
        'ports[1].appProtocol Invalid name part must consist',
      ],
    ],
    [
      'priorityclasses',
      'scheduling.k8s.io',
      { value: 1_000_000_001, preemptionPolicy: 'Maybe' },
      [
        'value Forbidden maximum allowed value of a user defined priority is 1000000000',
        'preemptionPolicy NotSupported supported values: "PreemptLowerPriority", "Never"',
      ],
    ],
    [
      'priorityclasses',
      'scheduling.k8s.io',
      { metadata: { name: 'system-mine' }, value: 1 },
      [
        "metadata.name Forbidden priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known",
      ],
    ],
    [
      'runtimeclasses',
      'node.k8s.io',
      { handler: 'runc', scheduling: { nodeSelector: { 'a b': 'c' } } },
      ['scheduling.nodeSelector Invalid name part must consist'],
    ],
    [
      'ingressclasses',
      'networking.k8s.io',
      { spec: { controller: 'x', parameters: { kind: '', name: 'a', scope: 'Namespace' } } },
      [
        'spec.controller Invalid must be a domain-prefixed path (such as "acme.io/foo")',
        'spec.parameters.kind Required kind is required',
        "spec.parameters.namespace Required `parameters.scope` is set to 'Namespace'",
      ],
    ],
    [
      'csidrivers',
      'storage.k8s.io',
      {
        spec: {
          fsGroupPolicy: 'x',
          volumeLifecycleModes: ['y'],
          tokenRequests: [{ audience: 'a', expirationSeconds: 5 }, { audience: 'a' }],
        },
      },
      [
        'spec.fsGroupPolicy NotSupported supported values: "File", "None", "ReadWriteOnceWithFSType"',
        'spec.tokenRequests[0].expirationSeconds Invalid may not specify a duration less than 10 minutes',
        'spec.tokenRequests[1].audience Duplicate',
        'spec.volumeLifecycleModes NotSupported supported values: "Persistent", "Ephemeral"',
      ],
    ],
    [
      'csinodes',
      'storage.k8s.io',
      {
        spec: {
          drivers: [
            { name: 'd', nodeID: '' },
            { name: 'd', nodeID: 'n', topologyKeys: ['k', 'k'] },
          ],
        },
      },
      ['spec.drivers[0].nodeID Required', 'spec.drivers[1].name Duplicate', 'spec.drivers[1] Duplicate'],
    ],
    [
      'csistoragecapacities',
      'storage.k8s.io',
      { storageClassName: 'A', capacity: '-1' },
      [
        'storageClassName Invalid a lowercase RFC 1123 subdomain',
        'capacity Invalid must be greater than or equal to 0',
      ],
    ],
    [
      'nodes',
      '',
      { spec: { taints: [{ key: 'a', effect: 'Foo' }, { key: 'b' }, { key: 'a', effect: 'Foo' }] } },
      [
        'metadata.taints[0].effect NotSupported supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
        'metadata.taints[1].effect Required',
        'metadata.taints[2].effect NotSupported',
        'metadata.taints[2] Duplicate taints must be unique by key and effect pair',
      ],
    ],
    [
      'controllerrevisions',
      'apps',
      { revision: -1 },
      ['data Required data is mandatory', 'revision Invalid must be greater'],
    ],
    [
      'secrets',
      '',
      { type: 'kubernetes.io/service-account-token' },
      ['metadata.annotations[kubernetes.io/service-account.name] Required'],
    ],
    [
      'secrets',
      '',
      { type: 'kubernetes.io/basic-auth' },
      ['data[username] Required', 'data[password] Required'],
    ],
    [
      'daemonsets',
      'apps',
      { spec: { selector, template: late } },
      [
        'spec.template.spec.activeDeadlineSeconds Forbidden activeDeadlineSeconds in DaemonSet is not Supported',
      ],
    ],
    [
      'deployments',
      'apps',
      { spec: { selector, template: late } },
      [
        'spec.template.spec.activeDeadlineSeconds Forbidden activeDeadlineSeconds in ReplicaSet is not Supported',
      ],
    ],
    [
      'validatingwebhookconfigurations',
      'admissionregistration.k8s.io',
      {
        webhooks: [
          { ...webhook, admissionReviewVersions: ['v9'], clientConfig: { url: 'http://me@x/?q#f' } },
        ],
      },
      [
        'webhooks[0].admissionReviewVersions Invalid must include at least one of v1, v1beta1',
        "webhooks[0].clientConfig.url Invalid 'https' is the only allowed URL scheme; desired format: https://host[/path]",
        'webhooks[0].clientConfig.url Invalid user information is not permitted in the URL',
        'webhooks[0].clientConfig.url Invalid fragments are not permitted in the URL',
        'webhooks[0].clientConfig.url Invalid query parameters are not permitted in the URL',
      ],
    ],
    [
      'mutatingwebhookconfigurations',
      'admissionregistration.k8s.io',
      { webhooks: [{ ...webhook, clientConfig: { service: { port: 70_000, path: 'x' } } }] },
      [
        'webhooks[0].clientConfig.service.name Required service name is required',
        'webhooks[0].clientConfig.service.namespace Required service namespace is required',
        'webhooks[0].clientConfig.service.port Invalid port is not valid: must be between 1 and 65535, inclusive',
        "webhooks[0].clientConfig.service.path Invalid must start with a '/'",
      ],
    ],
  ])('%s.%s', (plural, group, sent, expected) => {
    const kind = kindOf(plural, group);
    const found = texts(kind.strategy.validate?.(created(kind, { metadata: { name: 'a' }, ...sent })));
    expect(found.map((text, i) => text.slice(0, expected[i]?.length))).toEqual(expected);
  });

  it('what cannot change', () => {
    const { strategy } = kindOf('priorityclasses', 'scheduling.k8s.io');
    const before = { metadata: { name: 'a' }, value: 1, preemptionPolicy: 'Never' };
    const after = { ...before, value: 2, preemptionPolicy: 'PreemptLowerPriority' };
    expect(texts(strategy.validateUpdate?.(after, before, undefined))).toEqual([
      'value Forbidden may not be changed in an update.',
      'preemptionPolicy Invalid field is immutable',
    ]);
  });
});

describe('completes', () => {
  it('the claims of a StatefulSet, and its status', () => {
    const spec = {
      serviceName: 's',
      selector,
      template,
      volumeClaimTemplates: [{ metadata: { name: 'd' } }],
    };
    const set = created(kindOf('statefulsets', 'apps'), { metadata: { name: 'a' }, spec });
    expect(set).toMatchObject({
      spec: {
        volumeClaimTemplates: [
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            spec: { volumeMode: 'Filesystem' },
            status: { phase: 'Pending' },
          },
        ],
      },
      status: { replicas: 0, availableReplicas: 0 },
    });
  });
});
