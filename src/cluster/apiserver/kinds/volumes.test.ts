import { describe, expect, it } from 'vitest';
import { created, kindOf, texts } from './testing.ts';

describe('persistent volume claims', () => {
  const claims = kindOf('persistentvolumeclaims');
  const claim = (spec: object = {}, more: object = {}) => ({
    ...created(claims, {
      metadata: { name: 'a' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    }),
    ...more,
  });
  const problems = (spec: object) => texts(claims.strategy.validate?.(claim(spec)));
  const changes = (next: object, old: object = claim()) =>
    texts(claims.strategy.validateUpdate?.(next as never, old as never, undefined));

  it('say how they are mounted and how much they want', () => {
    expect(problems({ accessModes: [], resources: {} })).toEqual([
      'spec.accessModes Required at least 1 access mode is required',
      'spec.resources[storage] Required',
    ]);
    expect(problems({ accessModes: ['All'], resources: { requests: { storage: '0' } } })).toEqual([
      'spec.accessModes NotSupported supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      'spec.resources[storage] Invalid must be greater than zero',
    ]);
    expect(problems({ accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] })).toEqual([
      'spec.accessModes Forbidden may not use ReadWriteOncePod with other access modes',
    ]);
  });

  it('change only by being bound, and by growing then', () => {
    const fixed = [
      'spec Forbidden spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    ];
    expect(changes(claim({ volumeName: 'v', storageClassName: 'fast' }))).toEqual([]);
    expect(changes(claim({ accessModes: ['ReadWriteMany'] }))).toEqual(fixed);
    expect(changes(claim({ volumeName: 'w' }), claim({ volumeName: 'v' }))).toEqual(fixed);
    const status = { phase: 'Bound', capacity: { storage: '2Gi' } };
    const asking = (storage: string) => claim({ resources: { requests: { storage } } }, { status });
    expect(changes(asking('3Gi'), asking('2Gi'))).toEqual([]);
    expect(changes(asking('3Gi'))).toEqual(fixed);
    expect(changes(asking('1Gi'), asking('2Gi'))).toEqual([
      'spec.resources.requests.storage Forbidden field can not be less than status.capacity',
    ]);
  });
});

describe('persistent volumes', () => {
  const volumes = kindOf('persistentvolumes');
  const volume = (spec: object) => created(volumes, { metadata: { name: 'a' }, spec });
  const problems = (spec: object) => texts(volumes.strategy.validate?.(volume(spec)));
  const good = {
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
    hostPath: { path: '/data' },
  };

  it('are kept when released, unless they say otherwise', () => {
    expect(volume(good)).toMatchObject({
      spec: { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' },
      status: { phase: 'Pending' },
    });
  });

  it('have one source', () => {
    expect(problems(good)).toEqual([]);
    expect(problems({ ...good, hostPath: undefined })).toEqual(['spec Required must specify a volume type']);
    expect(problems({ ...good, nfs: { server: 's', path: '/' } })).toEqual([
      'spec.nfs Forbidden may not specify more than 1 volume type',
    ]);
    const moved = volume({ ...good, hostPath: { path: '/other' } });
    expect(texts(volumes.strategy.validateUpdate?.(moved, volume(good), undefined))).toEqual([
      'spec.persistentvolumesource Forbidden spec.persistentvolumesource is immutable after creation',
    ]);
  });

  it('say their size', () => {
    expect(problems({ ...good, capacity: {} })).toEqual(['spec.capacity Required']);
    expect(problems({ ...good, capacity: { cpu: '1' } })).toEqual([
      'spec.capacity NotSupported supported values: "storage"',
    ]);
  });
});

describe('storage classes', () => {
  const classes = kindOf('storageclasses', 'storage.k8s.io');

  it('show which is the default beside the name', () => {
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    const [name] = classes.columns;
    expect(name?.cell({ metadata: { name: 'a', annotations } }, 0)).toBe('a (default)');
    expect(name?.cell({ metadata: { name: 'b' } }, 0)).toBe('b');
  });

  it('do not change in what their volumes depend on', () => {
    const made = (more: object) => created(classes, { metadata: { name: 'a' }, provisioner: 'p', ...more });
    const next = made({
      provisioner: 'q',
      parameters: { a: '1' },
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    expect(texts(classes.strategy.validateUpdate?.(next, made({}), undefined))).toEqual([
      'parameters Forbidden updates to parameters are forbidden.',
      'provisioner Forbidden updates to provisioner are forbidden.',
      'volumeBindingMode Invalid field is immutable',
    ]);
  });
});
