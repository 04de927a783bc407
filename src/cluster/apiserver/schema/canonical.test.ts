import { describe, expect, it } from 'vitest';
import { builtinKindSchema } from '../../../api/kubernetes/index.ts';
import { canonical } from './canonical.ts';

const pod = (object: object) => canonical(object, builtinKindSchema('io.k8s.api.core.v1.Pod'));

describe('canonical', () => {
  it('leaves out what Go cannot tell from absent, and keeps what is a pointer', () => {
    const given = {
      metadata: { name: 'a', creationTimestamp: null, labels: {}, finalizers: [] },
      spec: {
        hostNetwork: false,
        automountServiceAccountToken: false,
        containers: [{ name: 'x', env: [], image: '' }],
      },
    };
    expect(pod(given)).toEqual({
      metadata: { name: 'a' },
      spec: { automountServiceAccountToken: false, containers: [{ name: 'x', resources: {} }] },
      status: {},
    });
  });

  it('fills in what is always written', () => {
    expect(pod({ status: { conditions: [{ type: 'Ready', status: 'True' }] } })).toMatchObject({
      status: {
        conditions: [{ type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: null }],
      },
    });
    expect(canonical({ spec: {} }, builtinKindSchema('io.k8s.api.policy.v1.PodDisruptionBudget'))).toEqual({
      metadata: {},
      spec: {},
      status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
    });
  });

  it('writes quantities and times in one way', () => {
    const resources = { requests: { cpu: 0.5, memory: '1024Mi' } };
    expect(pod({ spec: { containers: [{ name: 'a', resources }] } })).toMatchObject({
      spec: { containers: [{ resources: { requests: { cpu: '500m', memory: '1Gi' } } }] },
    });
    const lease = builtinKindSchema('io.k8s.api.coordination.v1.Lease');
    expect(canonical({ spec: { renewTime: '2020-01-01T00:00:00.5Z' } }, lease)).toMatchObject({
      spec: { renewTime: '2020-01-01T00:00:00.500000Z' },
    });
    expect(pod({ status: { startTime: '2020-01-01T02:00:00.9+02:00' } })).toMatchObject({
      status: { startTime: '2020-01-01T00:00:00Z' },
    });
  });
});
