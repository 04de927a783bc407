import { describe, expect, it } from 'vitest';
import { AnalysisRuns, API_VERSION, type Rollout, Rollouts } from '../../api/index.ts';
import { ModelStore } from '../../simulation/index.ts';
import { modelClient } from '../testing.ts';
import { countRequests, type RequestLabels } from './requests.ts';

const rollout: Rollout = {
  apiVersion: API_VERSION,
  kind: 'Rollout',
  metadata: { namespace: 'ns', name: 'web' },
  spec: {},
};

describe('countRequests', () => {
  it('OPS-050 a patch of the status counts for rollouts, its Rollout and the verb Patch', async () => {
    const counted: RequestLabels[] = [];
    const client = countRequests(modelClient(new ModelStore(() => 0)), (labels) => counted.push(labels));
    await client.create(Rollouts, rollout);
    const ref = { type: Rollouts, namespace: 'ns', name: 'web' };
    await client.patch(ref, 'merge', { status: { phase: 'Paused' } }, { subresource: 'status' });
    await client.list(Rollouts);
    expect(counted).toEqual([
      { kind: 'rollouts', namespace: 'ns', name: 'web', verb: 'Create', status_code: '201' },
      { kind: 'rollouts', namespace: 'ns', name: 'web', verb: 'Patch', status_code: '200' },
      { kind: 'rollouts', namespace: 'N/A', name: 'N/A', verb: 'List', status_code: '200' },
    ]);
  });

  it('OPS-051 names of runs make no series; a refusal counts with its code', async () => {
    const counted: RequestLabels[] = [];
    const client = countRequests(modelClient(new ModelStore(() => 0)), (labels) => counted.push(labels));
    await expect(client.get({ type: AnalysisRuns, namespace: 'ns', name: 'run' })).rejects.toThrow(
      'not found',
    );
    expect(counted).toEqual([
      { kind: 'analysisruns', namespace: 'ns', name: 'N/A', verb: 'Get', status_code: '404' },
    ]);
  });
});
