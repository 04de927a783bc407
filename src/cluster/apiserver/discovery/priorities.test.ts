import { expect, it } from 'vitest';
import { byPriority } from './priorities.ts';

it('names groups as kube-apiserver does: its own by their priority, then all others by their name', () => {
  const groups = ['z.example', 'batch', 'a.example', 'apiregistration.k8s.io', 'apps', ''];
  const sorted = groups.map((name) => ({ name })).sort(byPriority);
  expect(sorted.map(({ name }) => name)).toEqual([
    'apiregistration.k8s.io',
    '',
    'apps',
    'batch',
    'a.example',
    'z.example',
  ]);
});
