import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/index.ts';
import { humanDuration } from '../kinds/columns.ts';
import { kindOf } from '../kinds/testing.ts';
import { toTable } from './index.ts';

const now = Date.parse('2026-01-01T00:10:00Z');
const createdAt = '2026-01-01T00:00:00Z';
const metadata = { name: 'a', creationTimestamp: createdAt };

function table(plural: string, group: string, object: object) {
  const whole = { metadata, ...object } as KubeObject;
  return toTable(kindOf(plural, group), [whole], { now, includeObject: 'Metadata', withColumns: true });
}

const cells = (plural: string, group: string, object: object) => table(plural, group, object).rows[0]?.cells;

const template = {
  metadata: { labels: { app: 'x' } },
  spec: {
    containers: [
      { name: 'main', image: 'main:1' },
      { name: 'side', image: 'side:1' },
    ],
  },
};

describe('toTable', () => {
  it('has the columns of a real server, the wide ones last', () => {
    const { columnDefinitions } = table('deployments', 'apps', { spec: {} });
    expect(columnDefinitions?.map(({ name, priority, type }) => `${name} ${type} ${priority}`)).toEqual([
      'Name string 0',
      'Ready string 0',
      'Up-to-date string 0',
      'Available string 0',
      'Age string 0',
      'Containers string 1',
      'Images string 1',
      'Selector string 1',
    ]);
  });

  it.each([
    [
      'priorityclasses',
      'scheduling.k8s.io',
      'Name Value:integer Global-Default:boolean Age PreemptionPolicy',
    ],
    ['csistoragecapacities', 'storage.k8s.io', 'Name StorageClassName Capacity'],
    ['volumeattachments', 'storage.k8s.io', 'Name Attacher PV Node Attached:boolean Age'],
    [
      'storageclasses',
      'storage.k8s.io',
      'Name Provisioner ReclaimPolicy VolumeBindingMode AllowVolumeExpansion Age',
    ],
    [
      'certificatesigningrequests',
      'certificates.k8s.io',
      'Name Age SignerName Requestor RequestedDuration Condition',
    ],
  ])('has the columns of %s in order', (plural, group, columns) => {
    const { columnDefinitions } = table(plural, group, { spec: {} });
    const shown = columnDefinitions?.map(({ name, type }) => (type === 'string' ? name : `${name}:${type}`));
    expect(shown?.join(' ')).toBe(columns);
  });

  it('shows workloads', () => {
    const spec = { replicas: 3, selector: { matchLabels: { app: 'x' } }, template };
    const status = { replicas: 2, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1 };
    const wide = ['main,side', 'main:1,side:1', 'app=x'];
    expect(cells('deployments', 'apps', { spec, status })).toEqual(['a', '1/3', 2, 1, '10m', ...wide]);
    expect(cells('replicasets', 'apps', { spec, status })).toEqual(['a', 3, 2, 1, '10m', ...wide]);
  });

  it('shows pods, with how often and when they were started again', () => {
    const spec = { containers: [{ name: 'main' }], nodeName: 'n' };
    const lastState = { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:08:00Z' } };
    const containerStatuses = [
      { name: 'main', ready: true, restartCount: 4, state: { running: {} }, lastState },
    ];
    const status = { phase: 'Running', podIPs: [{ ip: '10.0.0.2' }], containerStatuses };
    expect(cells('pods', '', { spec, status })).toEqual([
      'a',
      '1/1',
      'Running',
      '4 (2m ago)',
      '10m',
      '10.0.0.2',
      'n',
      '<none>',
      '<none>',
    ]);
  });

  it('marks pods that have come to their end', () => {
    const { rows } = table('pods', '', { spec: { containers: [] }, status: { phase: 'Succeeded' } });
    expect(rows[0]?.conditions).toEqual([
      {
        type: 'Completed',
        status: 'True',
        reason: 'Succeeded',
        message: 'The pod has completed successfully.',
      },
    ]);
  });

  it.each([
    [
      {
        type: 'ClusterIP',
        clusterIPs: ['10.0.0.1'],
        ports: [{ port: 80, protocol: 'TCP' }],
        selector: { b: '2', a: '1' },
      },
      ['ClusterIP', '10.0.0.1', '<none>', '80/TCP', '10m', 'a=1,b=2'],
    ],
    [
      { type: 'ExternalName', externalName: 'db.example.com' },
      ['ExternalName', '<none>', 'db.example.com', '<none>', '10m', '<none>'],
    ],
    [
      {
        type: 'LoadBalancer',
        clusterIPs: ['10.0.0.1'],
        ports: [{ port: 443, nodePort: 30_001, protocol: 'TCP' }],
      },
      ['LoadBalancer', '10.0.0.1', '<pending>', '443:30001/TCP', '10m', '<none>'],
    ],
  ])('shows service %j', (spec, shown) => {
    expect(cells('services', '', { spec })).toEqual(['a', ...shown]);
  });

  it('shows ingresses and endpoint slices', () => {
    const spec = {
      ingressClassName: 'x',
      tls: [{}],
      rules: [{ host: 'a.example.com' }, { host: 'b.example.com' }],
    };
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
    expect(cells('ingresses', 'networking.k8s.io', { spec, status })).toEqual([
      'a',
      'x',
      'a.example.com,b.example.com',
      '192.0.2.1',
      '80, 443',
      '10m',
    ]);
    const endpoints = [1, 2, 3, 4].map((i) => ({ addresses: [`10.0.0.${i}`] }));
    const slice = { addressType: 'IPv4', endpoints, ports: [{ port: 80 }, { port: 443 }] };
    expect(cells('endpointslices', 'discovery.k8s.io', slice)).toEqual([
      'a',
      'IPv4',
      '80,443',
      '10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...',
      '10m',
    ]);
  });

  it('shows events without a column for the name up front', () => {
    const event = {
      involvedObject: { kind: 'Pod', name: 'p', fieldPath: 'spec.containers{main}' },
      reason: 'Pulled',
      message: ' Image pulled\n',
      type: 'Normal',
      source: { component: 'kubelet', host: 'n' },
      count: 3,
      firstTimestamp: createdAt,
      lastTimestamp: '2026-01-01T00:09:00Z',
    };
    expect(cells('events', '', event)).toEqual([
      '60s',
      'Normal',
      'Pulled',
      'pod/p',
      'spec.containers{main}',
      'kubelet, n',
      'Image pulled',
      '10m',
      3,
      'a',
    ]);
  });

  it('includes as much of the object as is asked for', () => {
    const object = { metadata, data: { x: '1' } } as KubeObject;
    const row = (includeObject: 'None' | 'Metadata' | 'Object') =>
      toTable(kindOf('configmaps'), [object], { now, includeObject, withColumns: false }).rows[0]?.object;
    expect(row('None')).toBeNull();
    expect(row('Metadata')).toEqual({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
    });
    expect(row('Object')).toEqual({ kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { x: '1' } });
  });

  it('leaves the columns out when they are known', () => {
    const options = { now, includeObject: 'None', withColumns: false } as const;
    expect(toTable(kindOf('configmaps'), [], options)).toMatchObject({ columnDefinitions: null, rows: [] });
  });
});

describe('humanDuration', () => {
  const s = 1000;
  const m = 60 * s;
  const h = 60 * m;
  const d = 24 * h;
  it.each([
    [0, '0s'],
    [119 * s, '119s'],
    [3 * m + 5 * s, '3m5s'],
    [5 * m, '5m'],
    [90 * m, '90m'],
    [3 * h + 20 * m, '3h20m'],
    [30 * h, '30h'],
    [3 * d + 4 * h, '3d4h'],
    [30 * d, '30d'],
    [800 * d, '2y70d'],
    [-5 * s, '<invalid>'],
  ])('%d ms is %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });
});
