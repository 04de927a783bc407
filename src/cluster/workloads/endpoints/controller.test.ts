import type { Endpoints, Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { mergePatch } from '../../../api/index.ts';
import { ago, pod, service } from '../testing/objects.ts';
import { decideEndpoints } from './controller.ts';

/** Slices and Endpoints on which decisions are carried out. */
class Model {
  slices: EndpointSlice[] = [];
  endpoints: Endpoints | undefined;

  /** Returns what was done. */
  step(of: Service, ...pods: Pod[]): string[] {
    const { effects } = decideEndpoints({
      service: of,
      pods,
      slices: this.slices,
      endpoints: this.endpoints,
    });
    for (const effect of effects) {
      const at = this.slices.findIndex((slice) => slice.metadata?.name === effect.ref.name);
      const isSlice = effect.ref.type.kind === 'EndpointSlice';
      if (effect.kind === 'create' && isSlice) this.slices.push(effect.object as EndpointSlice);
      else if (effect.kind === 'create') this.endpoints = effect.object as Endpoints;
      else if (effect.kind === 'delete') this.slices.splice(at, 1);
      else if (effect.kind === 'patch' && isSlice)
        this.slices[at] = mergePatch(this.slices[at]!, effect.patch);
      else if (effect.kind === 'patch') this.endpoints = mergePatch(this.endpoints!, effect.patch);
    }
    return effects.map((effect) => `${effect.kind} ${effect.ref.type.kind}`);
  }

  addresses(): string[] {
    return this.slices.flatMap((slice) =>
      slice.endpoints.map(({ addresses, conditions }) => {
        const { ready, serving, terminating } = conditions ?? {};
        return `${addresses[0]}${ready ? ' ready' : ''}${serving ? ' serving' : ''}${terminating ? ' terminating' : ''}`;
      }),
    );
  }
}

describe('the endpoints of a Service', () => {
  it('are its pods with an address, with what they are fit for', () => {
    const model = new Model();
    model.step(
      service(),
      pod('ready', { ip: '10.1.0.1', readyFor: 1 }),
      pod('unready', { ip: '10.1.0.2' }),
      pod('going', { ip: '10.1.0.3', readyFor: 9, metadata: { name: 'going', deletionTimestamp: ago(1) } }),
      pod('done', { ip: '10.1.0.4', phase: 'Succeeded' }),
      { ...pod('new'), status: {} },
    );
    expect(model.addresses()).toEqual(['10.1.0.1 ready serving', '10.1.0.2', '10.1.0.3 serving terminating']);
    expect(model.slices).toMatchObject([
      {
        metadata: {
          name: expect.stringMatching(/^s-[a-z0-9]{5}$/),
          labels: {
            'kubernetes.io/service-name': 's',
            'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
            team: 't',
          },
          ownerReferences: [{ kind: 'Service', name: 's', uid: 'uid-s', controller: true }],
        },
        addressType: 'IPv4',
        ports: [{ name: '', port: 8080, protocol: 'TCP' }],
        endpoints: [
          { nodeName: 'n', targetRef: { kind: 'Pod', name: 'ready', namespace: 'a', uid: 'uid-ready' } },
          {},
          {},
        ],
      },
    ]);
    expect(model.endpoints?.subsets).toMatchObject([
      {
        addresses: [{ ip: '10.1.0.1' }],
        notReadyAddresses: [{ ip: '10.1.0.2' }],
        ports: [{ port: 8080, protocol: 'TCP' }],
      },
    ]);
  });

  it('have names of their own where pods have them under the Service', () => {
    const model = new Model();
    const own = (hostname: string, subdomain: string) =>
      pod(hostname, { readyFor: 1, ip: hostname, spec: { hostname, subdomain } });
    model.step(service(), own('web-0', 's'), own('web-1', 'other'));
    const hostnames = model.slices.flatMap(({ endpoints }) => endpoints.map(({ hostname }) => hostname));
    expect(hostnames).toEqual(['web-0', undefined]);
    const [subset] = model.endpoints?.subsets ?? [];
    expect(subset?.addresses?.map(({ hostname }) => hostname)).toEqual(['web-0', undefined]);
  });

  it('are left alone when they are right', () => {
    const model = new Model();
    const pods = [pod('a', { readyFor: 1 }), pod('b', { readyFor: 1 })];
    model.step(service(), ...pods);
    expect(model.step(service(), ...[...pods].reverse())).toEqual([]);
  });

  it('of a Service without pods are one empty slice, until there is one', () => {
    const model = new Model();
    expect(model.step(service())).toEqual(['create EndpointSlice', 'create Endpoints']);
    expect(model.step(service())).toEqual([]);
    model.step(service(), pod('a', { ip: '10.1.0.1', readyFor: 1 }));
    expect(model.addresses()).toEqual(['10.1.0.1 ready serving']);
    expect(model.slices).toHaveLength(1);
    model.step(service());
    expect(model.addresses()).toEqual([]);
    expect(model.slices).toHaveLength(1);
    expect(model.step(service())).toEqual([]);
  });

  it('find a named port in each pod, apart where pods differ', () => {
    const named = service({ ports: [{ name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' }] });
    const other = pod('other', {
      readyFor: 1,
      spec: { containers: [{ name: 'main', ports: [{ name: 'http', containerPort: 9090 }] }] },
    });
    const without = pod('without', { readyFor: 1, spec: { containers: [{ name: 'main' }] } });
    const model = new Model();
    model.step(named, pod('one', { readyFor: 1 }), other, without);
    const ports = model.slices.map(
      (slice) => `${slice.ports?.map(({ name, port }) => `${name}=${port}`)} ${slice.endpoints.length}`,
    );
    expect(ports.sort()).toEqual([' 1', 'web=8080 1', 'web=9090 1']);
    expect(model.endpoints?.subsets).toHaveLength(2);
    model.step(named, other);
    expect(model.slices).toHaveLength(1);
  });

  it('stay in their slice, a hundred at most in each', () => {
    const pods = Array.from({ length: 250 }, (_, i) => pod(`p${i}`, { readyFor: 1 }));
    const model = new Model();
    model.step(service(), ...pods);
    expect(model.slices.map((slice) => slice.endpoints.length)).toEqual([100, 100, 50]);
    const effects = model.step(service(), ...pods.slice(1));
    expect(effects).toEqual(['patch EndpointSlice', 'patch Endpoints']);
    expect(model.slices.map((slice) => slice.endpoints.length)).toEqual([99, 100, 50]);
    model.step(service(), ...pods.slice(1, 100));
    expect(model.slices.map((slice) => slice.endpoints.length)).toEqual([99]);
  });

  it('are ready without being so when the Service asks for it', () => {
    const model = new Model();
    model.step(service({ publishNotReadyAddresses: true }), pod('a', { ip: '10.1.0.1' }));
    expect(model.addresses()).toEqual(['10.1.0.1 ready']);
  });

  it('of a Service without a selector are for others to make', () => {
    const model = new Model();
    expect(model.step(service({ selector: undefined as never }), pod('a', { readyFor: 1 }))).toEqual([]);
    expect(
      model.step(service({ type: 'ExternalName', externalName: 'x.y' }), pod('a', { readyFor: 1 })),
    ).toEqual([]);
  });
});
