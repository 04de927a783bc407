import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { expect, test } from 'vitest';
import type { Informer } from '../../kube/index.ts';
import { Offers } from './offers.ts';

test('a slice offers its ready pods; one that names no endpoints offers none', () => {
  let offered: (slice: EndpointSlice) => string[] = () => [];
  new Offers({
    addIndex: (_name: string, index: typeof offered) => {
      offered = index;
    },
  } as unknown as Informer<EndpointSlice>);
  const endpoints = [
    { addresses: ['127.97.0.1'], targetRef: { uid: 'ready' } },
    { addresses: ['127.97.0.2'], targetRef: { uid: 'starting' }, conditions: { ready: false } },
    { addresses: ['127.97.0.3'] },
  ];
  expect(offered({ addressType: 'IPv4', endpoints })).toEqual(['ready']);
  expect(offered({ addressType: 'IPv4' } as EndpointSlice)).toEqual([]);
  expect(offered({ addressType: 'IPv4', endpoints: null } as unknown as EndpointSlice)).toEqual([]);
});
