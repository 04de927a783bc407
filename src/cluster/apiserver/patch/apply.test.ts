import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/index.ts';
import { builtinKindSchema, type Schema } from '../../../api/kubernetes/index.ts';
import { serverSideApply } from './apply.ts';
import { PatchError } from './error.ts';
import { trackUpdate } from './update.ts';

const schemas = {
  configMaps: builtinKindSchema('io.k8s.api.core.v1.ConfigMap'),
  services: builtinKindSchema('io.k8s.api.core.v1.Service'),
  deployments: builtinKindSchema('io.k8s.api.apps.v1.Deployment'),
};
const now = Date.parse('2026-01-01T00:00:00Z');

interface ApplyMore {
  force?: boolean;
  schema?: Schema;
  now?: number;
  subresource?: string;
}

function apply(live: object | undefined, manager: string, applied: object, more: ApplyMore = {}) {
  return serverSideApply<KubeObject>({
    live: live as KubeObject,
    applied: applied as KubeObject,
    manager,
    schema: schemas.configMaps,
    apiVersion: 'v1',
    now,
    ...more,
  });
}

function applied(...args: Parameters<typeof apply>): KubeObject & Record<string, unknown> {
  const { object, conflicts } = apply(...args);
  if (!object) throw new Error(`conflicts: ${JSON.stringify(conflicts)}`);
  return object as KubeObject & Record<string, unknown>;
}

const configMap = (data: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  data,
});

const owners = ({ metadata }: KubeObject) =>
  Object.fromEntries(
    (metadata?.managedFields ?? []).map(({ manager, operation, fieldsV1 }) => [
      `${manager} ${operation}`,
      fieldsV1,
    ]),
  );

describe('serverSideApply', () => {
  it('keeps a field that holds what is still wanted, when the manager owned the field itself', () => {
    const first = applied(undefined, 'one', configMap({ a: '1', b: '1' }));
    const fields = { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } };
    const [entry] = first.metadata?.managedFields ?? [];
    const live = {
      ...first,
      metadata: { ...first.metadata, managedFields: [{ ...entry, fieldsV1: fields }] },
    };
    expect(applied(live, 'one', configMap({ a: '1' })).data).toEqual({ a: '1' });
  });

  it('creates the object, owned by who applies it', () => {
    const object = applied(undefined, 'one', configMap({ x: '1', y: '1' }, { labels: { app: 'x' } }));
    expect(object.data).toEqual({ x: '1', y: '1' });
    expect(object.metadata?.managedFields).toEqual([
      {
        manager: 'one',
        operation: 'Apply',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:x': {}, 'f:y': {} }, 'f:metadata': { 'f:labels': { 'f:app': {} } } },
      },
    ]);
  });

  it('changes nothing when the same is applied again, not even the time', () => {
    const first = applied(undefined, 'one', configMap({ x: '1' }));
    expect(applied(first, 'one', configMap({ x: '1' }), { now: now + 60_000 })).toEqual(first);
  });

  it('removes what the manager applies no longer', () => {
    const first = applied(undefined, 'one', configMap({ x: '1', y: '1' }, { labels: { app: 'x' } }));
    const object = applied(first, 'one', configMap({ x: '2', z: '2' }));
    expect(object.data).toEqual({ x: '2', z: '2' });
    expect(object.metadata?.labels).toBeUndefined();
    expect(owners(object)).toEqual({ 'one Apply': { 'f:data': { 'f:x': {}, 'f:z': {} } } });
  });

  it('removes a part that is applied no longer with what was defaulted in it, but for what others own there', () => {
    const deployment = (container: object) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { template: { spec: { containers: [{ name: 'a', image: 'a:1', ...container }] } } },
    });
    const probe = { httpGet: { path: '/', port: 80 } };
    const defaulted = { httpGet: { ...probe.httpGet, scheme: 'HTTP' }, timeoutSeconds: 1 };
    const more = { schema: schemas.deployments };
    const first = applied(undefined, 'one', deployment({ livenessProbe: probe }), more);
    const live = { ...first, ...deployment({ livenessProbe: defaulted }), metadata: first.metadata };
    expect(applied(live, 'one', deployment({}), more).spec).toEqual(deployment({}).spec);

    const shared = applied(live, 'two', deployment({ livenessProbe: { periodSeconds: 5 } }), more);
    expect(applied(shared, 'one', deployment({}), more).spec).toEqual(
      deployment({ livenessProbe: { timeoutSeconds: 1, periodSeconds: 5 } }).spec,
    );
  });

  it('keeps the name when nothing else of the metadata is applied any more', () => {
    const first = applied(undefined, 'one', configMap({ x: '1' }, { labels: { app: 'x' } }));
    const live = { ...first, metadata: { ...first.metadata, uid: 'u' } };
    const { metadata } = applied(live, 'one', configMap({ x: '1' }));
    expect(metadata).toMatchObject({ name: 'a', uid: 'u' });
    expect(metadata?.labels).toBeUndefined();
  });

  it('changes nothing the second time, whatever is applied and whoever has applied before', () => {
    const data = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2'));
    const labels = fc.option(data, { nil: undefined });
    const configuration = fc
      .tuple(data, labels)
      .map(([entries, given]) => configMap(entries, given && { labels: given }));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('one', 'two'), configuration)),
        configuration,
        (before, last) => {
          const live = before.reduce<object | undefined>(
            (object, [manager, configured]) => applied(object, manager, configured, { force: true }),
            undefined,
          );
          const once = applied(live, 'one', last, { force: true });
          expect(applied(once, 'one', last)).toEqual(once);
          expect(once.data).toMatchObject(last.data);
        },
      ),
    );
  });

  it('lets two managers own a field with the same value, and keeps it until both let go', () => {
    const first = applied(undefined, 'one', configMap({ x: '2', z: '2' }));
    const both = applied(first, 'two', configMap({ w: '2', z: '2' }));
    expect(owners(both)).toEqual({
      'one Apply': { 'f:data': { 'f:x': {}, 'f:z': {} } },
      'two Apply': { 'f:data': { 'f:w': {}, 'f:z': {} } },
    });
    const left = applied(both, 'one', configMap({}));
    expect(left.data).toEqual({ w: '2', z: '2' });
  });

  it('conflicts over other values, and takes them with force', () => {
    const first = applied(undefined, 'one', configMap({ x: '2', z: '2' }));
    const wanted = configMap({ w: '2', x: '3', z: '3' });
    expect(apply(first, 'two', wanted).conflicts).toEqual([
      { manager: 'one', field: '.data.x', message: 'conflict with "one"' },
      { manager: 'one', field: '.data.z', message: 'conflict with "one"' },
    ]);
    const forced = applied(first, 'two', wanted, { force: true });
    expect(forced.data).toEqual({ w: '2', x: '3', z: '3' });
    expect(owners(forced)).toEqual({ 'two Apply': { 'f:data': { 'f:w': {}, 'f:x': {}, 'f:z': {} } } });
  });

  it('conflicts with updates too, and names the version in which they were made', () => {
    const first = applied(undefined, 'two', configMap({ w: '2', x: '3' }));
    const edited = trackUpdate({
      before: first,
      after: { ...first, data: { w: '2', x: '4', v: '4' } } as KubeObject,
      manager: 'editor',
      schema: schemas.configMaps,
      apiVersion: 'v1',
      now,
    });
    expect(owners(edited)).toEqual({
      'two Apply': { 'f:data': { 'f:w': {} } },
      'editor Update': { 'f:data': { 'f:v': {}, 'f:x': {} } },
    });
    expect(apply(edited, 'two', configMap({ w: '2', x: '3' })).conflicts).toEqual([
      { manager: 'editor', field: '.data.x', message: 'conflict with "editor" using v1' },
    ]);
  });

  it('knows elements of lists by their keys, the default ones included', () => {
    const service = (spec: object) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec });
    const more = { schema: schemas.services };
    const first = applied(
      undefined,
      'one',
      service({ selector: { app: 's' }, ports: [{ name: 'http', port: 80 }] }),
      more,
    );
    expect(owners(first)).toEqual({
      'one Apply': {
        'f:spec': {
          'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } },
          'f:selector': { 'f:app': {} },
        },
      },
    });
    const dns = { name: 'dns', port: 53, protocol: 'UDP' };
    const both = applied(first, 'two', service({ ports: [dns] }), more);
    expect(both).toMatchObject({ spec: { ports: [{ name: 'http', port: 80 }, dns] } });
    const dropped = applied(both, 'two', service({}), more);
    expect(dropped).toMatchObject({ spec: { ports: [{ name: 'http', port: 80 }] } });
    expect(owners(dropped)['two Apply']).toEqual({ 'f:spec': {} });
  });

  it('leaves alone what a manager gives up to another', () => {
    const deployment = (spec: object) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec,
    });
    const more = { schema: schemas.deployments };
    const first = applied(undefined, 'one', deployment({ replicas: 2, paused: true }), more);
    const scaled = trackUpdate({
      before: first,
      after: { ...first, spec: { replicas: 5, paused: true } } as KubeObject,
      manager: 'scaler',
      schema: schemas.deployments,
      apiVersion: 'apps/v1',
      now,
    });
    expect(apply(scaled, 'one', deployment({ replicas: 2, paused: true }), more).conflicts).toMatchObject([
      { field: '.spec.replicas', message: 'conflict with "scaler" using apps/v1' },
    ]);
    expect(applied(scaled, 'one', deployment({ paused: true }), more)).toMatchObject({
      spec: { replicas: 5, paused: true },
    });
  });

  it('records what was there before the first apply', () => {
    const live = configMap({ x: '1', y: '1' });
    const object = applied(live, 'one', configMap({ x: '1' }));
    expect(object.data).toEqual({ x: '1', y: '1' });
    expect(owners(object)).toEqual({
      'one Apply': { 'f:data': { 'f:x': {} } },
      'before-first-apply Update': { 'f:data': { '.': {}, 'f:x': {}, 'f:y': {} } },
    });
  });

  it('keeps the order that is applied, and live elements where they were', () => {
    const container = (name: string) => ({ name, image: `${name}:1` });
    const deployment = (...names: string[]) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { template: { spec: { containers: names.map(container) } } },
    });
    const more = { schema: schemas.deployments };
    const first = applied(undefined, 'one', deployment('a', 'b', 'c'), more);
    const injected = applied(first, 'mesh', deployment('proxy'), more);
    const reordered = applied(injected, 'one', deployment('c', 'a', 'b'), more) as ReturnType<
      typeof deployment
    >;
    expect(
      reordered.spec.template.spec.containers.map(({ name }) => name).filter((name) => name !== 'proxy'),
    ).toEqual(['c', 'a', 'b']);
  });

  it('refuses elements that cannot be told apart', () => {
    const deployment = (containers: object[]) => ({ spec: { template: { spec: { containers } } } });
    const more = { schema: schemas.deployments };
    expect(() => apply(undefined, 'one', deployment([{ image: 'x' }]), more)).toThrow(
      '.spec.template.spec.containers: element 0: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)',
    );
    expect(() => apply(undefined, 'one', deployment([{ name: 'a' }, { name: 'a' }]), more)).toThrow(
      PatchError,
    );
  });
});

describe('trackUpdate', () => {
  const track = (before: object | undefined, after: object, manager = 'wire', subresource?: string) =>
    trackUpdate<KubeObject>({
      before: before as KubeObject | undefined,
      after: after as KubeObject,
      manager,
      subresource,
      schema: schemas.configMaps,
      apiVersion: 'v1',
      now,
    });

  it('gives a new object to its creator, maps by themselves included', () => {
    const created = track(undefined, { ...configMap({ one: '1' }), binaryData: { bytes: 'AAEC' } });
    expect(owners(created)).toEqual({
      'wire Update': { 'f:binaryData': { '.': {}, 'f:bytes': {} }, 'f:data': { '.': {}, 'f:one': {} } },
    });
  });

  it('gives nobody what the server sets, and parts that are always there only by what is in them', () => {
    const after = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', uid: 'u', generation: 1, labels: { app: 'd' } },
      spec: { replicas: 1, template: { metadata: {}, spec: { containers: [{ name: 'a', resources: {} }] } } },
      status: {},
    };
    const object = trackUpdate({
      after: after as KubeObject,
      manager: 'm',
      schema: schemas.deployments,
      apiVersion: 'apps/v1',
      now,
    });
    expect(owners(object)).toEqual({
      'm Update': {
        'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
        'f:spec': {
          'f:replicas': {},
          'f:template': {
            'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:resources': {} } } },
          },
        },
      },
    });
  });

  it('tells the writers of subresources apart', () => {
    const first = track(undefined, configMap({ x: '1' }));
    const second = track(first, { ...first, data: { x: '2' } }, 'wire', 'status');
    expect(second.metadata?.managedFields).toMatchObject([
      { manager: 'wire', fieldsV1: { 'f:data': {} } },
      { manager: 'wire', subresource: 'status', fieldsV1: { 'f:data': { 'f:x': {} } } },
    ]);
  });

  it('keeps entries when nothing changes, or when a client leaves them out', () => {
    const first = track(undefined, configMap({ x: '1' }));
    const { managedFields: _, ...metadata } = first.metadata ?? {};
    const again = track(first, { ...first, metadata }, 'other');
    expect(again).toEqual(first);
  });

  it.each([[[{}]], [[]]])(
    'clears the entries for %j, and records none until the object is applied',
    (sent) => {
      const first = track(undefined, configMap({ x: '1' }));
      const cleared = track(first, { ...first, metadata: { ...first.metadata, managedFields: sent } });
      expect(cleared.metadata?.managedFields).toBeUndefined();
      const updated = track(cleared, { ...cleared, data: { x: '2' } });
      expect(updated.metadata?.managedFields).toBeUndefined();
      expect(Object.keys(owners(applied(updated, 'one', configMap({ x: '2' }))))).toEqual([
        'one Apply',
        'before-first-apply Update',
      ]);
    },
  );

  it('gives the prefix of a generated name to who has asked for it', () => {
    const created = track(undefined, configMap({}, { generateName: 'a-' }));
    expect(owners(created)).toEqual({
      'wire Update': { 'f:data': {}, 'f:metadata': { 'f:generateName': {} } },
    });
  });

  it('folds the oldest entries of updaters once there are more than ten', () => {
    let object = track(undefined, configMap({ x: '0' }), 'm0');
    for (let i = 1; i <= 12; i += 1) {
      const data = { ...(object as { data?: object }).data, [`k${i}`]: '1' };
      object = track(object, { ...object, data }, `m${i}`);
    }
    const names = object.metadata?.managedFields?.map(({ manager }) => manager) ?? [];
    expect(names).toHaveLength(10);
    expect(names).toContain('ancient-changes');
    expect(names).toContain('m12');
  });
});
