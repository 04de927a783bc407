import { describe, expect, it } from 'vitest';
import { builtinKindSchema } from '../../../api/kubernetes/index.ts';
import { PatchError } from './error.ts';
import { applyStrategicMergePatch } from './strategic.ts';

const deployments = builtinKindSchema('io.k8s.api.apps.v1.Deployment');
const podSpec = (spec: object) => ({ spec: { template: { spec } } });
const patched = (before: object, patch: object) =>
  (applyStrategicMergePatch(podSpec(before), podSpec(patch), deployments) as ReturnType<typeof podSpec>).spec
    .template.spec;

const one = {
  name: 'one',
  image: 'one:1',
  args: ['a', 'b'],
  env: [
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
  ],
};
const two = { name: 'two', image: 'two:1' };

describe('applyStrategicMergePatch', () => {
  it('merges lists by their key: the elements of the patch first, then those that only the object has', () => {
    const patch = {
      containers: [
        {
          name: 'one',
          env: [
            { name: 'B', value: 'zwei' },
            { name: 'C', value: '3' },
          ],
          args: ['z'],
        },
        { name: 'three', image: 'three:1' },
      ],
    };
    expect(patched({ containers: [one, two] }, patch)).toEqual({
      containers: [
        {
          name: 'one',
          image: 'one:1',
          args: ['z'],
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: 'zwei' },
            { name: 'C', value: '3' },
          ],
        },
        { name: 'three', image: 'three:1' },
        two,
      ],
    });
  });

  it('replaces lists without a key', () => {
    const before = { tolerations: [{ key: 'a' }, { key: 'c' }] };
    expect(patched(before, { tolerations: [{ key: 'b' }] })).toEqual({ tolerations: [{ key: 'b' }] });
  });

  it('deletes elements and sets their order', () => {
    const three = { name: 'three', image: 'three:1' };
    const patch = {
      '$setElementOrder/containers': [{ name: 'three' }, { name: 'one' }],
      containers: [
        { name: 'two', $patch: 'delete' },
        { name: 'one', env: [{ name: 'A', $patch: 'delete' }] },
      ],
    };
    expect(patched({ containers: [one, three, two] }, patch)).toEqual({
      containers: [three, { ...one, env: [{ name: 'B', value: '2' }] }],
    });
  });

  it('sets an order without changing an element', () => {
    const patch = { '$setElementOrder/containers': [{ name: 'two' }, { name: 'one' }] };
    expect(patched({ containers: [one, two] }, patch)).toEqual({ containers: [two, one] });
  });

  it('replaces a list or a map that says so, and removes what is null', () => {
    const patch = { containers: [{ $patch: 'replace' }, { name: 'four', image: 'four:1' }], volumes: null };
    expect(patched({ containers: [one, two], volumes: [{ name: 'v' }] }, patch)).toEqual({
      containers: [{ name: 'four', image: 'four:1' }],
    });
    const labels = { metadata: { labels: { $patch: 'replace', only: 'this' } } };
    expect(applyStrategicMergePatch({ metadata: { labels: { a: '1' } } }, labels, deployments)).toEqual({
      metadata: { labels: { only: 'this' } },
    });
  });

  it('keeps only the keys that $retainKeys names', () => {
    const before = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    expect(applyStrategicMergePatch(before, patch, deployments)).toEqual({
      spec: { strategy: { type: 'Recreate' } },
    });
    const wrong = { spec: { strategy: { $retainKeys: ['type'], rollingUpdate: {} } } };
    expect(() => applyStrategicMergePatch(before, wrong, deployments)).toThrow(PatchError);
  });

  it('merges lists of scalars, and deletes from them', () => {
    const before = {
      metadata: {
        finalizers: ['example.com/one', 'example.com/two'],
        ownerReferences: [
          { name: 'owner-1', uid: '1' },
          { name: 'owner-2', uid: '2' },
        ],
      },
    };
    const patch = {
      metadata: {
        finalizers: ['example.com/three'],
        '$deleteFromPrimitiveList/finalizers': ['example.com/one'],
        ownerReferences: [
          { $patch: 'delete', uid: '1' },
          { uid: '2', name: 'renamed' },
          { name: 'owner-3', uid: '3' },
        ],
      },
    };
    expect(applyStrategicMergePatch(before, patch, deployments)).toEqual({
      metadata: {
        finalizers: ['example.com/three', 'example.com/two'],
        ownerReferences: [
          { name: 'renamed', uid: '2' },
          { name: 'owner-3', uid: '3' },
        ],
      },
    });
  });

  it('leaves no directive behind where there was nothing to patch', () => {
    const patch = { spec: { template: { metadata: { labels: { $patch: 'replace', a: '1', b: null } } } } };
    expect(applyStrategicMergePatch({}, patch, deployments)).toEqual({
      spec: { template: { metadata: { labels: { a: '1' } } } },
    });
  });

  it('refuses an element without its key in the words of Kubernetes', () => {
    const change = () => patched({ containers: [one] }, { containers: [{ image: 'x' }] });
    expect(change).toThrow('map: map[image:x] does not contain declared merge key: name');
  });

  it.each([
    [500, { metadata: { $patch: 'burn' } }, 'unknown patch type: burn in map: map[$patch:burn]'],
    [500, { metadata: { $patch: 'merge' } }, 'unknown patch type: merge in map: map[$patch:merge]'],
    [
      500,
      { spec: { template: { spec: { containers: [{ name: 'one', $patch: 'merge' }] } } } },
      'merging lists cannot yet be specified in the patch',
    ],
    [400, { metadata: { $retainKeys: 'a' } }, 'invalid patch format of retainKeys'],
    [422, { metadata: { $retainKeys: ['a'], b: 1 } }, "patch content doesn't match retainKeys list"],
    [
      400,
      { metadata: { '$deleteFromPrimitiveList/finalizers': 'a' } },
      'invalid patch format of primitive list',
    ],
    [
      400,
      { metadata: { finalizers: ['a'], '$setElementOrder/finalizers': 'a' } },
      'invalid patch format of setElementOrder list',
    ],
  ])('refuses with %i what is wrong with the directives of %j', (status, patch, message) => {
    const live = { metadata: { finalizers: ['a'] } };
    const change = () => applyStrategicMergePatch(live, patch, deployments);
    expect(change).toThrow(new PatchError(status, message));
    expect(change).toThrow(expect.objectContaining({ status }));
  });

  it('refuses a patch that is no object', () => {
    expect(() => applyStrategicMergePatch({}, ['x'], deployments)).toThrow(PatchError);
  });
});
