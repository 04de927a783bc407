import type { Node, Pod } from 'kubernetes-types/core/v1.d.ts';
import { expect, it } from 'vitest';
import { NOW, pod } from '../testing/objects.ts';
import { Pressure } from './pressure.ts';

const node = (uid: string) => ({ metadata: { name: 'n', uid } });

it('the time of a pod runs from when its trouble began, and anew when it is another', () => {
  const pressure = new Pressure();
  const since = (seconds: number, of: Pod, on: Node | undefined) =>
    (pressure.since('a/p', of, on, NOW + seconds * 1000) - NOW) / 1000;
  const first = pod('p');
  expect([since(0, first, node('1')), since(5, first, node('1'))]).toEqual([0, 0]);
  expect([since(10, first, undefined), since(15, first, undefined)]).toEqual([10, 10]);
  expect(since(20, first, node('2'))).toBe(20);
  const namesake = pod('p', { metadata: { name: 'p', uid: 'another' } });
  expect(since(30, namesake, node('2'))).toBe(30);
  pressure.end('a/p');
  expect(pressure.has('a/p')).toBe(false);
});
