import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import { describe, expect, it } from 'vitest';
import {
  API_VERSION,
  mergePatch,
  type NginxRouting,
  type Rollout,
  type TrafficRouting,
} from '../api/index.ts';
import { canaryIngressName, nginx, removeUnusedCanaryIngresses } from './nginx.ts';

const PREFIX = 'nginx.ingress.kubernetes.io';
const shop: Rollout = {
  apiVersion: API_VERSION,
  kind: 'Rollout',
  metadata: { name: 'shop', namespace: 'ns', uid: 'u1' },
  spec: {},
};
const backend = (name: string) => ({ service: { name, port: { number: 80 } } });
const path = (at: string, name: string) => ({ path: at, pathType: 'Prefix', backend: backend(name) });

function stableIngress(name = 'web', change: Partial<Ingress['spec']> = {}): Ingress {
  return {
    metadata: {
      name,
      namespace: 'ns',
      annotations: { 'kubernetes.io/ingress.class': 'nginx', other: 'x' },
      labels: { a: 'b' },
    },
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: ['shop.local'] }],
      rules: [
        { host: 'shop.local', http: { paths: [path('/', 'stable'), path('/img', 'images')] } },
        { host: 'other.local', http: { paths: [path('/', 'images')] } },
        { host: 'empty.local' },
        {
          host: 'bucket.local',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { resource: { kind: 'B', name: 'b' } } }],
          },
        },
      ],
      ...change,
    },
  };
}

function plan(
  weight: number,
  live: Ingress[],
  config: NginxRouting = { stableIngress: 'web' },
  routing: TrafficRouting = {},
) {
  const maxWeight = routing.maxTrafficWeight ?? 100;
  return nginx.plan({
    rollout: shop,
    routing: { nginx: config, ...routing },
    split: {
      maxWeight,
      canary: { weight, serviceName: 'canary', hash: 'h2' },
      stable: { weight: maxWeight - weight, serviceName: 'stable', hash: 'h1' },
    },
    ingresses: new Map(live.map((ingress) => [ingress.metadata?.name ?? '', ingress])),
  });
}

function created(
  weight: number,
  config?: NginxRouting,
  routing?: TrafficRouting,
  stable = stableIngress(),
): Ingress {
  const effect = plan(weight, [stable], config, routing).effects[0];
  if (effect?.kind !== 'create') throw new Error('nothing is created');
  return effect.object as Ingress;
}
const annotationsOf = (ingress: Ingress) => ingress.metadata?.annotations ?? {};

describe('nginx', () => {
  it('TRF-058 names the canary Ingress, within 253 characters', () => {
    expect(canaryIngressName('shop', 'web')).toBe('shop-web-canary');
    const long = canaryIngressName('r'.repeat(200), 's'.repeat(200));
    expect(long).toHaveLength(253);
    expect(long.endsWith('s-canary')).toBe(true);
  });

  it('TRF-059 TRF-066 makes it of the stable one: class, TLS, and only the rules of the stable Service', () => {
    const ingress = created(20);
    expect(ingress.metadata).toEqual({
      name: 'shop-web-canary',
      namespace: 'ns',
      annotations: {
        'kubernetes.io/ingress.class': 'nginx',
        [`${PREFIX}/canary`]: 'true',
        [`${PREFIX}/canary-weight`]: '20',
      },
      ownerReferences: [
        expect.objectContaining({
          kind: 'Rollout',
          name: 'shop',
          uid: 'u1',
          controller: true,
          blockOwnerDeletion: true,
        }),
      ],
    });
    expect(ingress.spec).toEqual({
      ingressClassName: 'nginx',
      tls: [{ hosts: ['shop.local'] }],
      rules: [{ host: 'shop.local', http: { paths: [path('/', 'canary'), path('/img', 'images')] } }],
    });
  });

  it('TRF-060 prefixes additional annotations once, takes canary annotations verbatim, and has the last word', () => {
    const config = {
      stableIngress: 'web',
      annotationPrefix: 'my.nginx',
      additionalIngressAnnotations: { 'canary-by-header': 'X', 'my.nginx/limit': '1', both: 'additional' },
      canaryIngressAnnotations: {
        'my.nginx/both': 'canary',
        plain: 'y',
        'my.nginx/canary': 'no',
        'my.nginx/canary-weight': '99',
      },
    };
    expect(annotationsOf(created(20, config))).toEqual({
      'kubernetes.io/ingress.class': 'nginx',
      'my.nginx/canary-by-header': 'X',
      'my.nginx/limit': '1',
      'my.nginx/both': 'canary',
      plain: 'y',
      'my.nginx/canary': 'true',
      'my.nginx/canary-weight': '20',
    });
  });

  it('TRF-061 writes the total only when it is set, and scales weights of totals that nginx ignores', () => {
    const read = (weight: number, maxTrafficWeight: number) => {
      const annotations = annotationsOf(created(weight, undefined, { maxTrafficWeight }));
      return [annotations[`${PREFIX}/canary-weight`], annotations[`${PREFIX}/canary-weight-total`]];
    };
    expect(read(250, 1000)).toEqual(['250', '1000']);
    expect(read(5, 10)).toEqual(['50', '100']);
    expect(annotationsOf(created(20))[`${PREFIX}/canary-weight-total`]).toBeUndefined();
  });

  it('TRF-062 refuses an Ingress of somebody else', () => {
    const foreign = { ...created(20), metadata: { ...created(20).metadata, ownerReferences: [] } };
    const result = plan(30, [stableIngress(), foreign]);
    expect(result).toMatchObject({
      effects: [],
      errors: ['canary ingress `shop-web-canary` controlled by different object'],
    });
  });

  it('TRF-063 TRF-067 keeps foreign annotations, restores the rest, and does nothing when all is well', () => {
    const live = created(20);
    expect(plan(20, [stableIngress(), live])).toEqual({ effects: [], events: [], errors: [] });
    const edited: Ingress = {
      ...live,
      metadata: {
        ...live.metadata,
        resourceVersion: '7',
        labels: { foreign: 'x' },
        annotations: { ...annotationsOf(live), foreign: 'y', [`${PREFIX}/canary-weight`]: '77' },
      },
      spec: { rules: [] },
    };
    const [effect] = plan(20, [stableIngress(), edited]).effects;
    if (effect?.kind !== 'patch') throw new Error('nothing is patched');
    expect(effect.resourceVersion).toBe('7');
    const repaired = mergePatch(edited, effect.patch);
    expect(repaired.spec).toEqual(live.spec);
    expect(repaired.metadata?.labels).toEqual({});
    expect(annotationsOf(repaired)).toEqual({ ...annotationsOf(live), foreign: 'y' });
  });

  it('TRF-065 gives all stable Ingresses the same weight, and tells which one is wrong', () => {
    const config = { stableIngresses: ['web', 'api', 'bad', 'gone'] };
    const bad = stableIngress('bad', { rules: [] });
    const result = plan(40, [stableIngress(), stableIngress('api'), bad], config);
    expect(result.effects.map(({ ref }) => ref.name)).toEqual(['shop-web-canary', 'shop-api-canary']);
    expect(result.errors).toEqual([
      'ingress `bad` has no rules using service stable backend',
      'error retrieving stableIngress `gone` from cache: not found',
    ]);
  });

  it('tells what it does', () => {
    expect(plan(20, [stableIngress()]).events).toEqual([
      {
        type: 'Normal',
        reason: 'CreatingCanaryIngress',
        message: 'Creating canary ingress `shop-web-canary` with weight `20`',
      },
    ]);
    expect(plan(30, [stableIngress(), created(20)]).events).toEqual([
      {
        type: 'Normal',
        reason: 'PatchingCanaryIngress',
        message: "Updating Ingress `shop-web-canary` to desiredWeight '30'",
      },
    ]);
  });

  it('TRF-066 removes canary Ingresses that are no longer asked for', () => {
    const live = new Map([
      ['shop-web-canary', { ...created(20), metadata: { ...created(20).metadata, uid: 'i1' } }],
      ['web', stableIngress()],
    ]);
    const asked: Rollout = {
      ...shop,
      spec: { strategy: { canary: { trafficRouting: { nginx: { stableIngress: 'web' } } } } },
    };
    expect(removeUnusedCanaryIngresses(asked, live).effects).toEqual([]);
    expect(removeUnusedCanaryIngresses(shop, live).effects).toMatchObject([
      { kind: 'delete', uid: 'i1', ref: { name: 'shop-web-canary' } },
    ]);
  });
});
