import type { Endpoints, Service } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { decideMirror } from './mirror.ts';

const labels = { team: 't' };
const endpoints = (metadata: Endpoints['metadata'] = {}): Endpoints => ({
  metadata: { name: 'db', namespace: 'a', uid: 'uid-db', labels, ...metadata },
  subsets: [
    {
      addresses: [{ ip: '10.1.0.1' }, { ip: 'fd00::1' }],
      notReadyAddresses: [{ ip: '10.1.0.2', nodeName: 'n' }],
      ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
    },
  ],
});
const bare: Service = { metadata: { name: 'db' }, spec: { ports: [{ port: 5432 }] } };
const decide = (of: Endpoints, service: Service | undefined = bare, slices: EndpointSlice[] = []) =>
  decideMirror({ endpoints: of, service, slices }).effects;
const created = (effects: ReturnType<typeof decide>) =>
  effects.flatMap((effect) => (effect.kind === 'create' ? [effect.object as EndpointSlice] : []));

describe("a user's Endpoints", () => {
  it('are mirrored by a slice for each family of addresses', () => {
    const [four, six] = created(decide(endpoints()));
    expect(four).toMatchObject({
      metadata: {
        namespace: 'a',
        labels: {
          ...labels,
          'kubernetes.io/service-name': 'db',
          'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
        },
        ownerReferences: [{ kind: 'Endpoints', name: 'db', uid: 'uid-db', controller: true }],
      },
      addressType: 'IPv4',
      ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
      endpoints: [
        { addresses: ['10.1.0.1'], conditions: { ready: true } },
        { addresses: ['10.1.0.2'], conditions: { ready: false }, nodeName: 'n' },
      ],
    });
    expect(six).toMatchObject({ addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'] }] });
  });

  it.each([
    ['has a selector', endpoints(), { ...bare, spec: { selector: { app: 'x' } } }],
    ['wants none', endpoints({ labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }), bare],
    ['has a controller', endpoints({ labels: { 'endpoints.kubernetes.io/managed-by': 'x' } }), bare],
    ['is a lock', endpoints({ annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }), bare],
  ])('have no mirror where it %s', (_why, of, service) => {
    expect(decide(of, service)).toEqual([]);
    const old = created(decide(endpoints()));
    expect(decide(of, service, old).map(({ kind }) => kind)).toEqual(['delete', 'delete']);
  });

  it('have no mirror without a Service', () => {
    expect(decideMirror({ endpoints: endpoints(), service: undefined, slices: [] }).effects).toEqual([]);
  });

  it('are followed when they change, and else left alone', () => {
    const slices = created(decide(endpoints()));
    expect(decide(endpoints(), bare, slices)).toEqual([]);
    const moved = endpoints();
    moved.subsets![0]!.addresses = [{ ip: '10.1.0.9' }];
    expect(decide(moved, bare, slices)).toMatchObject([
      { kind: 'patch', patch: { endpoints: [{ addresses: ['10.1.0.9'] }, { addresses: ['10.1.0.2'] }] } },
      { kind: 'delete' },
    ]);
  });
});
