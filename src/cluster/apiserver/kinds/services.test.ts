import { describe, expect, it } from 'vitest';
import { created, kindOf, texts, updated } from './testing.ts';

const services = kindOf('services');
const service = (spec: object) =>
  created(services, { metadata: { name: 'a' }, spec: { ports: [{ port: 80 }], ...spec } });
const ofBalancers = "may only be used when `type` is 'LoadBalancer'";

describe('services', () => {
  it.each<[string, object, string[]]>([
    [
      'a policy for outside',
      { externalTrafficPolicy: 'Local' },
      ['spec.externalTrafficPolicy Invalid may only be set for externally-accessible services'],
    ],
    [
      'sources',
      { loadBalancerSourceRanges: ['10.0.0.0/8'] },
      [`spec.LoadBalancerSourceRanges Forbidden ${ofBalancers}`],
    ],
    [
      'sources that are none',
      { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/33'] },
      [
        'spec.LoadBalancerSourceRanges[0] Invalid must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
    ['a class', { loadBalancerClass: 'a/b' }, [`spec.loadBalancerClass Forbidden ${ofBalancers}`]],
    [
      'ports of a balancer',
      { allocateLoadBalancerNodePorts: false },
      [`spec.allocateLoadBalancerNodePorts Forbidden ${ofBalancers}`],
    ],
    [
      'a long memory',
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 90_000 } } },
      [
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds Invalid must be greater than 0 and less than 86400',
      ],
    ],
    ['a family twice', { ipFamilies: ['IPv4', 'IPv4'] }, ['spec.ipFamilies[1] Duplicate']],
    [
      'an unknown spread',
      { trafficDistribution: 'Any' },
      [
        'spec.trafficDistribution NotSupported supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
      ],
    ],
  ])('are refused with %s', (_what, spec, expected) => {
    expect(texts(services.strategy.validate?.(service(spec)))).toEqual(expected);
  });

  it('lose what belonged to the type that they had', () => {
    const balanced = service({ type: 'LoadBalancer', loadBalancerClass: 'a/b' });
    const next = updated(services, balanced, {
      ...balanced,
      spec: { ...(balanced.spec as object), type: 'ClusterIP' },
    });
    expect(texts(services.strategy.validate?.(next))).toEqual([]);
    expect(next.spec).not.toHaveProperty('externalTrafficPolicy');
    expect(next.spec).not.toHaveProperty('allocateLoadBalancerNodePorts');
    expect(next.spec).not.toHaveProperty('loadBalancerClass');
  });

  it('have a policy for outside where they have addresses there, and forget clients that they need not know', () => {
    const sessionAffinityConfig = { clientIP: { timeoutSeconds: 5 } };
    const { spec } = service({ externalIPs: ['192.0.2.1'], sessionAffinityConfig });
    expect(spec).toMatchObject({ externalTrafficPolicy: 'Cluster' });
    expect(spec).not.toHaveProperty('sessionAffinityConfig');
  });
});
