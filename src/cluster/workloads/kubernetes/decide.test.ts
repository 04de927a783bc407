import type { Endpoints, Service } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { mergePatch } from '../../../api/index.ts';
import { decideKubernetes, type KubernetesView } from './decide.ts';

const address = { host: '127.0.0.1', port: 6443, clusterIP: '127.209.0.1' };
const none = { service: undefined, endpoints: undefined, slice: undefined };
const decide = (view: Partial<KubernetesView>) =>
  decideKubernetes({ address, ...none, isTaken: () => false, ...view }).effects;

/** What the effects make of a cluster without any of it. */
function made() {
  const objects = decide({}).map((effect) => (effect.kind === 'create' ? effect.object : undefined));
  const versioned = objects.map((object) => mergePatch(object, { metadata: { resourceVersion: '7' } }));
  const [service, endpoints, slice] = versioned;
  return {
    service: service as Service,
    endpoints: endpoints as Endpoints,
    slice: slice as EndpointSlice,
  };
}

describe("the API server's own Service", () => {
  it('is made with its endpoints, at the address that is kept for it', () => {
    const { service, endpoints, slice } = made();
    expect(service).toMatchObject({
      metadata: { namespace: 'default', name: 'kubernetes', labels: { component: 'apiserver' } },
      spec: { clusterIP: '127.209.0.1', ports: [{ name: 'https', port: 443, targetPort: 6443 }] },
    });
    expect(endpoints.subsets).toMatchObject([{ addresses: [{ ip: '127.0.0.1' }], ports: [{ port: 6443 }] }]);
    expect(slice).toMatchObject({
      metadata: { labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      endpoints: [{ addresses: ['127.0.0.1'] }],
    });
  });

  it('takes any address when another Service has that one', () => {
    const [service] = decide({ isTaken: (clusterIP) => clusterIP === '127.209.0.1' });
    expect(service).toMatchObject({ kind: 'create', object: { spec: { ports: [{ port: 443 }] } } });
    expect(service).not.toHaveProperty('object.spec.clusterIP');
  });

  it('is left alone while it is right, whatever the API server has added', () => {
    const { service, endpoints, slice } = made();
    const defaulted = mergePatch(service, { spec: { clusterIP: '127.209.9.9', type: 'ClusterIP' } });
    expect(decide({ service: defaulted, endpoints, slice })).toEqual([]);
  });

  it('moves with the API server, and each part is made again when it is deleted', () => {
    const { service, endpoints } = made();
    expect(decide({ service, endpoints, address: { ...address, port: 7443 } })).toMatchObject([
      { kind: 'patch', patch: { spec: { ports: [{ targetPort: 7443 }] } }, resourceVersion: '7' },
      { kind: 'patch', patch: { subsets: [{ ports: [{ port: 7443 }] }] } },
      { kind: 'create', ref: { name: 'kubernetes' }, object: { ports: [{ port: 7443 }] } },
    ]);
  });
});
