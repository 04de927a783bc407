import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import { describe, expect, test } from 'vitest';
import { chooseUpstream, ticketDispenser } from './canary.ts';
import { buildRoutingTable, findLocation, type Location, type Upstream } from './table.ts';

interface PathSpec {
  path?: string;
  type?: string;
  service?: string;
}

function ingress(
  name: string,
  {
    host,
    paths = [{}],
    annotations = {},
    created = '2026-01-01T00:00:00Z',
  }: {
    host?: string;
    paths?: PathSpec[];
    annotations?: Record<string, string>;
    created?: string;
  } = {},
): Ingress {
  const prefixed = Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value]),
  );
  return {
    metadata: { name, namespace: 'shop', annotations: prefixed, creationTimestamp: created },
    spec: {
      ingressClassName: 'nginx',
      rules: [
        {
          ...(host && { host }),
          http: {
            paths: paths.map(({ path = '/', type = 'Prefix', service = 'stable' }) => ({
              path,
              pathType: type,
              backend: { service: { name: service, port: { number: 80 } } },
            })),
          },
        },
      ],
    },
  };
}

const canary = (annotations: Record<string, string>, options: { host?: string; paths?: PathSpec[] } = {}) =>
  ingress('canary', {
    paths: [{ service: 'canary' }],
    ...options,
    annotations: { canary: 'true', ...annotations },
    created: '2026-01-02T00:00:00Z',
  });

const serviceFor = (ingresses: Ingress[], host: string, path: string) =>
  findLocation(buildRoutingTable(ingresses), host, path)?.upstream?.service;

function choose(ingresses: Ingress[], headers: Record<string, string>, ticket = 0.999) {
  const location = findLocation(buildRoutingTable(ingresses), 'any', '/') as Location & {
    upstream: Upstream;
  };
  return chooseUpstream(location, { headers, ticket }, () => true).upstream.service;
}

describe('routing table', () => {
  test('TRF §13.1 an exact host beats a wildcard beats none; a port and upper case do not matter', () => {
    const all = [
      ingress('any', { paths: [{ service: 'any' }] }),
      ingress('wild', { host: '*.shop.local', paths: [{ service: 'wild' }] }),
      ingress('exact', { host: 'a.shop.local', paths: [{ service: 'exact' }] }),
    ];
    expect(serviceFor(all, 'A.shop.local:8080', '/')).toBe('exact');
    expect(serviceFor(all, 'b.shop.local', '/')).toBe('wild');
    expect(serviceFor(all, 'b.c.shop.local', '/')).toBe('any');
    expect(serviceFor(all, 'shop.local', '/')).toBe('any');
  });

  test('TRF §13.1 a host that is defined does not fall through when no path matches', () => {
    const all = [
      ingress('any', { paths: [{ service: 'any' }] }),
      ingress('exact', { host: 'a.local', paths: [{ path: '/api', service: 'exact' }] }),
    ];
    expect(serviceFor(all, 'a.local', '/other')).toBeUndefined();
  });

  test.each([
    ['Prefix', '/foo', '/foo', true],
    ['Prefix', '/foo', '/foo/', true],
    ['Prefix', '/foo/', '/foo/x', true],
    ['Prefix', '/foo', '/foobar', false],
    ['Prefix', '/a/bb', '/a/bbb', false],
    ['Prefix', '/', '/anything', true],
    ['Exact', '/foo', '/foo', true],
    ['Exact', '/foo', '/foo/', false],
    ['ImplementationSpecific', '/foo', '/foobar', true],
  ])('TRF §13.1 %s %s and %s: %s', (type, path, asked, expected) => {
    expect(serviceFor([ingress('web', { paths: [{ path, type }] })], 'any', asked) !== undefined).toBe(
      expected,
    );
  });

  test('TRF §13.1 the longest path wins, Exact beats Prefix, the older Ingress beats the younger', () => {
    const all = [
      ingress('young', { created: '2026-02-02T00:00:00Z', paths: [{ path: '/a', service: 'young' }] }),
      ingress('old', {
        paths: [
          { path: '/', service: 'root' },
          { path: '/a', service: 'prefix' },
          { path: '/a', type: 'Exact', service: 'exact' },
          { path: '/a/b', service: 'longer' },
        ],
      }),
    ];
    expect(serviceFor(all, 'x', '/a')).toBe('exact');
    expect(serviceFor(all, 'x', '/a/c')).toBe('prefix');
    expect(serviceFor(all, 'x', '/a/b/c')).toBe('longer');
    expect(serviceFor(all, 'x', '/z')).toBe('root');
  });

  test('TRF §13.1 rewrite-target puts the captures into the path and makes the paths regexes', () => {
    const rewriting = ingress('web', {
      annotations: { 'rewrite-target': '/$2' },
      paths: [{ path: '/api(/|$)(.*)', type: 'ImplementationSpecific' }],
    });
    const location = findLocation(buildRoutingTable([rewriting]), 'x', '/API/v1/users');
    expect(location?.rewrite('/API/v1/users')).toBe('/v1/users');
  });

  test('TRF §13.1 a broken regex matches nothing and breaks nothing', () => {
    const broken = ingress('web', { annotations: { 'use-regex': 'true' }, paths: [{ path: '/(' }] });
    expect(serviceFor([broken], 'x', '/')).toBeUndefined();
  });

  test('other classes are not served', () => {
    const other = ingress('web');
    other.spec = { ...other.spec, ingressClassName: 'alb' };
    expect(serviceFor([other], 'x', '/')).toBeUndefined();
  });
});

describe('canary annotations', () => {
  const primary = ingress('web');

  test('TRF §13.2 a canary without a primary serves nothing', () => {
    expect(serviceFor([canary({ 'canary-weight': '100' })], 'x', '/')).toBeUndefined();
  });

  test('TRF §13.2 it attaches to the upstream, so to every location of that Service and port', () => {
    const two = ingress('web', { paths: [{ path: '/' }, { path: '/api' }] });
    const table = buildRoutingTable([two, canary({ 'canary-weight': '50' })]);
    expect(findLocation(table, 'x', '/api')?.canary?.weight).toBe(50);
  });

  test.each([
    [
      'header equal to the value',
      { 'canary-by-header': 'X', 'canary-by-header-value': 'v1' },
      { x: 'v1' },
      'canary',
    ],
    [
      'never is no keyword with a value',
      { 'canary-by-header': 'X', 'canary-by-header-value': 'v1' },
      { x: 'never' },
      'stable',
    ],
    [
      'other header value, cookie always',
      { 'canary-by-header': 'X', 'canary-by-header-value': 'v1', 'canary-by-cookie': 'C' },
      { x: 'other', cookie: 'a=b; C=always' },
      'canary',
    ],
    [
      'header never beats cookie always',
      { 'canary-by-header': 'X', 'canary-by-cookie': 'C' },
      { x: 'never', cookie: 'C=always' },
      'stable',
    ],
    [
      'pattern',
      { 'canary-by-header': 'X', 'canary-by-header-pattern': 'beta|rc' },
      { x: 'my-rc1' },
      'canary',
    ],
    [
      'a broken pattern goes to the primary',
      { 'canary-by-header': 'X', 'canary-by-header-pattern': '(', 'canary-weight': '100' },
      { x: 'a' },
      'stable',
    ],
    ['header always', { 'canary-by-header': 'X-Canary' }, { 'x-canary': 'always' }, 'canary'],
    [
      'cookie never beats weight 100',
      { 'canary-by-cookie': 'C', 'canary-weight': '100' },
      { cookie: 'C=never' },
      'stable',
    ],
    ['weight 100', { 'canary-weight': '100' }, {}, 'canary'],
    ['a weight that is no number is 0', { 'canary-weight': 'lots' }, {}, 'stable'],
  ])('TRF §13.2 %s', (_title, annotations, headers, expected) => {
    expect(
      choose([primary, canary(annotations as Record<string, string>)], headers as Record<string, string>),
    ).toBe(expected);
  });

  test('TRF §13.2 a total below 100 is ignored, one above counts', () => {
    const small = [primary, canary({ 'canary-weight': '5', 'canary-weight-total': '10' })];
    expect(choose(small, {}, 0.049)).toBe('canary');
    expect(choose(small, {}, 0.051)).toBe('stable');
    const large = [primary, canary({ 'canary-weight': '100', 'canary-weight-total': '200' })];
    expect(choose(large, {}, 0.49)).toBe('canary');
    expect(choose(large, {}, 0.51)).toBe('stable');
  });

  test.each([5, 20, 50, 90])(
    'the measured split of weight %i is within a point over 500 requests',
    (weight) => {
      const next = ticketDispenser(0.123);
      const all = [primary, canary({ 'canary-weight': String(weight) })];
      const hits = Array.from({ length: 500 }, () => choose(all, {}, next())).filter(
        (s) => s === 'canary',
      ).length;
      expect(Math.abs(hits / 5 - weight)).toBeLessThanOrEqual(1);
    },
  );
});
