import { describe, expect, it } from 'vitest';
import { kindOf } from '../kinds/testing.ts';
import { findMisfit } from './misfit.ts';

const misfit = (plural: string, group: string, object: object) =>
  findMisfit(object, kindOf(plural, group).schema)?.text;
const inContainer = (container: object) =>
  misfit('deployments', 'apps', { spec: { template: { spec: { containers: [{ name: 'a' }, container] } } } });

describe('findMisfit', () => {
  it.each([
    [{ spec: { replicas: '3' } }, 'string into Go struct field DeploymentSpec.spec.replicas of type int32'],
    [
      { spec: { replicas: 1.5 } },
      'number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [{ spec: { paused: 1 } }, 'number into Go struct field DeploymentSpec.spec.paused of type bool'],
    [{ spec: [] }, 'array into Go struct field Deployment.spec of type v1.DeploymentSpec'],
    [
      { metadata: { labels: { a: true } } },
      'bool into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      { metadata: { finalizers: 'a' } },
      'string into Go struct field ObjectMeta.metadata.finalizers of type []string',
    ],
  ])('says what a field cannot hold', (object, text) => {
    expect(misfit('deployments', 'apps', object)).toBe(`json: cannot unmarshal ${text}`);
  });

  it('leaves places in lists out of the way to a field', () => {
    const field = 'spec.template.spec.containers';
    expect(inContainer({ ports: [{ containerPort: 'x' }] })).toBe(
      `json: cannot unmarshal string into Go struct field ContainerPort.${field}.ports.containerPort of type int32`,
    );
    expect(inContainer({ env: [{ name: 'a', value: 1 }] })).toBe(
      `json: cannot unmarshal number into Go struct field EnvVar.${field}.env.value of type string`,
    );
    expect(inContainer({ env: {} })).toBe(
      `json: cannot unmarshal object into Go struct field Container.${field}.env of type []v1.EnvVar`,
    );
  });

  it('reads quantities, and numbers or text', () => {
    expect(inContainer({ resources: { limits: { cpu: '1x' } } })).toBe(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
    expect(inContainer({ resources: { limits: { cpu: 0.5, memory: '1Gi' } } })).toBeUndefined();
    expect(misfit('services', '', { spec: { ports: [{ targetPort: true }] } })).toBe(
      'json: cannot unmarshal bool into Go value of type int32',
    );
  });

  it.each([
    ['yesterday', ' as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'],
    ['2020-01-01', ' as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
    ['2020-13-01T00:00:00Z', ': month out of range'],
    ['2020-02-30T00:00:00Z', ': day out of range'],
    ['2020-01-01T00:00:00Zx', ': extra text: "x"'],
  ])('reads times: %s', (creationTimestamp, problem) => {
    expect(misfit('pods', '', { metadata: { creationTimestamp } })).toBe(
      `parsing time "${creationTimestamp}"${problem}`,
    );
  });

  it('reads base64 as Go does', () => {
    const at = (text: string) => findMisfit({ data: { a: text } }, kindOf('secrets').schema)?.base64At;
    const good = ['', 'abcd', 'ab==', 'abc=', 'abc=\n', 'ab\r\n=='];
    expect(good.map(at)).toEqual(good.map(() => undefined));
    const bad = { '#': 0, a: 0, abcde: 4, 'ab=': 3, 'ab\n=': 4, 'abc==': 4, 'ab==x': 4, 'a=': 1, 'ab=c': 2 };
    expect(Object.keys(bad).map(at)).toEqual(Object.values(bad));
  });

  it('lets nulls and unknown fields pass', () => {
    expect(misfit('pods', '', { spec: null, metadata: { labels: null }, nosuch: 1 })).toBeUndefined();
  });
});
