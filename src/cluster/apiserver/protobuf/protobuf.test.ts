import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../status.ts';
import { bytesField, decodeProtobuf, intField } from './index.ts';

/** A field of the wire format: a number as varint, everything else with its length before it. */
const field = (number: number, value: number | string | Buffer) =>
  typeof value === 'number' ? intField(number, value) : bytesField(number, value);

/** The number alone, without the tag of its field. */
const varint = (value: number) => intField(1, value).subarray(1);

const message = (...fields: Buffer[]) => Buffer.concat(fields);
const MAGIC = Buffer.from('k8s\0');

function body(apiVersion: string, kind: string, object: Buffer): Buffer {
  return message(MAGIC, field(1, message(field(1, apiVersion), field(2, kind))), field(2, object));
}

const decode = (apiVersion: string, kind: string, ...fields: Buffer[]) =>
  decodeProtobuf(body(apiVersion, kind, message(...fields)), kind) as Record<string, unknown>;

function refusal(bytes: Buffer, what: string): StatusError {
  try {
    decodeProtobuf(bytes, what);
  } catch (error) {
    return error as StatusError;
  }
  throw new Error('nothing was refused');
}

describe('decoding', () => {
  it('leaves out what JSON leaves out, and writes an unset time as null', () => {
    const metadata = message(field(1, 'a'), field(2, ''), field(7, 0), field(8, ''));
    expect(decode('v1', 'ConfigMap', field(1, metadata))).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', creationTimestamp: null },
    });
  });

  it('keeps zero and false where they differ from nothing', () => {
    const { spec } = decode('apps/v1', 'Deployment', field(2, message(field(1, 0), field(7, 0))));
    expect(spec).toEqual({ replicas: 0 });
    expect(decode('v1', 'ServiceAccount', field(4, 0)).automountServiceAccountToken).toBe(false);
  });

  it('reads maps of text and of bytes, even with keys that are special to JavaScript', () => {
    const entry = (key: string, value: string) => field(2, message(field(1, key), field(2, value)));
    expect(decode('v1', 'Secret', entry('a', '\u0001\u0002'), entry('b', '')).data).toEqual({
      a: 'AQI=',
      b: '',
    });
    const { data } = decode('v1', 'ConfigMap', entry('__proto__', 'x'));
    expect(JSON.stringify(data)).toBe('{"__proto__":"x"}');
  });

  it('reads negative numbers, packed and not', () => {
    expect(decode('v1', 'DeleteOptions', field(1, -1)).gracePeriodSeconds).toBe(-1);
    const groups = (...fields: Buffer[]) =>
      decode('v1', 'Pod', field(2, field(14, message(...fields)))).spec as { securityContext: object };
    expect(groups(field(4, 1), field(4, 2)).securityContext).toEqual({ supplementalGroups: [1, 2] });
    const packed = groups(field(4, Buffer.concat([varint(1), varint(300)])));
    expect(packed.securityContext).toEqual({ supplementalGroups: [1, 300] });
  });

  it('reads times, quantities, numbers or text, and lists within maps', () => {
    const time = message(field(1, 1_700_000_000), field(2, 123_456_789));
    expect(decode('coordination.k8s.io/v1', 'Lease', field(2, field(3, time))).spec).toEqual({
      acquireTime: '2023-11-14T22:13:20.123456Z',
    });
    expect(decode('v1', 'Pod', field(1, field(9, time))).metadata).toEqual({
      deletionTimestamp: '2023-11-14T22:13:20Z',
    });
    const budget = (value: Buffer) =>
      decode('policy/v1', 'PodDisruptionBudget', field(2, field(1, value))).spec;
    expect(budget(message(field(1, 0), field(2, 2)))).toEqual({ minAvailable: 2 });
    expect(budget(message(field(1, 1), field(3, '50%')))).toEqual({ minAvailable: '50%' });
    const cpu = message(field(1, 'cpu'), field(2, field(1, '100m')));
    const limits = field(2, field(2, message(field(1, 'c'), field(8, field(1, cpu)))));
    expect(decode('v1', 'Pod', limits).spec).toEqual({
      containers: [{ name: 'c', resources: { limits: { cpu: '100m' } } }],
    });
    const extra = message(field(1, 'scopes'), field(2, message(field(1, 'a'), field(1, 'b'))));
    expect(decode('authorization.k8s.io/v1', 'SubjectAccessReview', field(2, field(5, extra))).spec).toEqual({
      extra: { scopes: ['a', 'b'] },
    });
  });

  it('reads embedded JSON, and fields that JSON has in the parent', () => {
    const revision = decode('apps/v1', 'ControllerRevision', field(2, field(1, '{"a":[1]}')), field(3, 1));
    expect(revision).toMatchObject({ data: { a: [1] }, revision: 1 });
    const volume = message(field(1, 'v'), field(2, field(19, field(1, field(1, 'settings')))));
    expect(decode('v1', 'Pod', field(2, field(1, volume))).spec).toEqual({
      volumes: [{ name: 'v', configMap: { name: 'settings' } }],
    });
  });

  it('passes over fields that it does not know, and joins parts of one message', () => {
    const part = (...fields: Buffer[]) => field(1, message(...fields));
    const unknown = [field(900, 7), field(901, 'x')];
    const object = decode('v1', 'ConfigMap', part(field(1, 'a')), ...unknown, part(field(3, 'default')));
    expect(object.metadata).toEqual({ name: 'a', namespace: 'default' });
  });

  it('finds options in every version, and the kind of the URL when the body names none', () => {
    expect(decode('apps/v1', 'DeleteOptions', field(4, 'Orphan'))).toEqual({
      apiVersion: 'apps/v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Orphan',
    });
    const untyped = message(MAGIC, field(2, field(2, field(1, 3))));
    expect(decodeProtobuf(untyped, 'Deployment')).toMatchObject({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
    });
  });
});

describe('refusing', () => {
  const unrecognized = 'the object provided is unrecognized (must be of type ConfigMap): ';
  const handled = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: ';

  it.each([
    ['nothing', Buffer.alloc(0), `${unrecognized}empty data (<empty>)`],
    [
      'JSON',
      Buffer.from('{}'),
      `${unrecognized}provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (7b7d)`,
    ],
    ['no envelope', MAGIC, `${unrecognized}empty body (6b387300)`],
    [
      'another version',
      body('v9', 'ConfigMap', Buffer.alloc(0)),
      'ConfigMap in version "v9" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v9"; allowed are v1',
    ],
    ['a message cut off', body('v1', 'ConfigMap', Buffer.from([0x0a, 5, 1])), `${handled}unexpected EOF`],
    [
      'a number for a message',
      body('v1', 'ConfigMap', field(1, 7)),
      `${handled}proto: wrong wireType = 0 for field metadata`,
    ],
    [
      'a number of eleven bytes',
      body('v1', 'ConfigMap', Buffer.alloc(11, 0xff)),
      `${handled}proto: integer overflow`,
    ],
    ['field 0', body('v1', 'ConfigMap', field(0, 1)), `${handled}proto: illegal tag 0`],
    ['a group', body('v1', 'ConfigMap', Buffer.from([0x3b])), `${handled}proto: illegal wireType 3`],
    [
      'a time beyond the year 9999',
      body('v1', 'ConfigMap', field(1, field(8, field(1, 1e12)))),
      `${handled}creationTimestamp: the time is not within the years 0 to 9999`,
    ],
  ])('%s', (_what, bytes, text) => {
    const { code, message } = refusal(bytes, 'ConfigMap');
    expect([code, message]).toEqual([400, text]);
  });

  it('kinds that have no protobuf', () => {
    expect(refusal(body('argoproj.io/v1alpha1', 'Rollout', Buffer.alloc(0)), 'Rollout').code).toBe(415);
  });

  it('random bytes with a Status, never with anything else', () => {
    const kinds = fc.constantFrom(
      'v1.Pod',
      'apps/v1.Deployment',
      'batch/v1.CronJob',
      'apps/v1.ControllerRevision',
    );
    fc.assert(
      fc.property(kinds, fc.uint8Array({ maxLength: 200 }), fc.boolean(), (name, bytes, whole) => {
        const [apiVersion = '', kind = ''] = name.split('.');
        const sent = whole ? body(apiVersion, kind, Buffer.from(bytes)) : message(MAGIC, Buffer.from(bytes));
        try {
          JSON.stringify(decodeProtobuf(sent, kind));
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('a body with any byte changed with a Status, never with anything else', () => {
    const recorded =
      'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErMBCi8KA3dlYhIAGhB3aXJlLW5lZ290aWF0aW9uIgAqADIAOABCAFoKCgNhcHASA3dlYhJyCAISDAoKCgNhcHASA3dlYhpYChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEjgSGgoBaRIBaSoAQgBqAHIAgAEAiAEAkAEAogEAGgAyAEIASgBSAFgAYABoAIIBAIoBAJoBAMIBACICCgAoADgAGgwIABAAGAAgACgAOAAaACIA';
    const original = Buffer.from(recorded, 'base64');
    for (let at = 4; at < original.length; at += 1) {
      for (const value of [0, 0x7f, 0x80, 0xff]) {
        const changed = Buffer.from(original);
        changed[at] = value;
        try {
          decodeProtobuf(changed, 'Deployment');
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError);
        }
      }
    }
  });
});
