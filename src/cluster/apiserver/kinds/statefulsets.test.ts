import { describe, expect, it } from 'vitest';
import { created, kindOf, texts } from './testing.ts';

const statefulSets = kindOf('statefulsets', 'apps');
const container = { name: 'main', image: 'registry.example/web:1' };
const set = (spec: object = {}) =>
  created(statefulSets, {
    metadata: { name: 'a' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
      ...spec,
    },
  });
const problems = (spec: object) => texts(statefulSets.strategy.validate?.(set(spec)));

describe('stateful sets', () => {
  it('may mount the volumes of their claims', () => {
    const mounting = { ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] };
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [mounting] } };
    expect(problems({ template })).toEqual([
      'spec.template.spec.containers[0].volumeMounts[0].name NotFound',
    ]);
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec }];
    expect(problems({ template, volumeClaimTemplates })).toEqual([]);
    expect(problems({ volumeClaimTemplates: [{ metadata: { name: 'data' } }] })).toEqual([
      'spec.volumeClaimTemplates[0].spec.accessModes Required at least 1 access mode is required',
      'spec.volumeClaimTemplates[0].spec.resources[storage] Required',
    ]);
  });

  it('are refused for updates and retention that make no sense', () => {
    const updateStrategy = {
      type: 'RollingUpdate',
      rollingUpdate: { partition: -1, maxUnavailable: 0 },
    };
    const persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Forget' };
    expect(problems({ updateStrategy, persistentVolumeClaimRetentionPolicy })).toEqual([
      'spec.updateStrategy.rollingUpdate.partition Invalid must be greater than or equal to 0',
      'spec.updateStrategy.rollingUpdate.maxUnavailable Invalid cannot be 0',
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted NotSupported supported values: "Retain", "Delete"',
    ]);
  });
});
