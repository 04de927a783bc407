import { describe, expect, it } from 'vitest';
import type { RolloutStatus } from '../api/index.ts';
import {
  analysis,
  analysisTemplate,
  ingress,
  pause,
  type RolloutOptions,
  rollout,
  Scenario,
  service,
  setWeight,
} from './testing.ts';

const basic: RolloutOptions = {
  replicas: 2,
  steps: [setWeight(50), pause('5s'), analysis('check'), setWeight(75)],
  canary: { canaryMetadata: { labels: { role: 'canary' } }, stableMetadata: { labels: { role: 'stable' } } },
};
const routed: RolloutOptions = {
  ...basic,
  canary: {
    ...basic.canary,
    canaryService: 'canary',
    stableService: 'stable',
    trafficRouting: { nginx: { stableIngress: 'web' } },
  },
};

/** First deploy, an update that succeeds, one that is aborted and retried. */
function story(options: RolloutOptions, crashAtWrite?: number): Scenario {
  const scenario = new Scenario(rollout(options));
  scenario.crashAtWrite = crashAtWrite;
  scenario.templates.set('check', analysisTemplate('check'));
  scenario.services.set('canary', service('canary')).set('stable', service('stable'));
  scenario.ingresses.set('web', ingress('web', 'stable'));
  const finish = (phase: 'Successful' | 'Failed') => {
    const run = scenario.runs.findLast((one) => !one.status);
    scenario.finishRun(run?.metadata.name ?? '', phase).advance(60_000);
  };
  scenario.advance(60_000);
  scenario.setImage('app:2').advance(60_000);
  finish('Successful');
  scenario.setImage('app:3').advance(60_000);
  finish('Failed');
  scenario.patchStatus({ abort: false }).advance(60_000);
  finish('Successful');
  return scenario;
}

/** The end state without times, which a crash may shift. */
function endState(scenario: Scenario) {
  const { conditions, duration: _duration, ...status }: RolloutStatus = scenario.status;
  return {
    status,
    conditions: conditions?.map(({ type, status: value, reason }) => `${type} ${value} ${reason}`).sort(),
    layout: scenario.layout(),
    revisions: scenario.replicaSets.map((rs) => rs.metadata?.annotations?.['rollout.argoproj.io/revision']),
    runs: scenario.runs.map((run) => run.metadata.name),
    weight: scenario.ingresses.get('demo-web-canary')?.metadata?.annotations,
    selectors: [...scenario.services.values()].map(({ spec }) => spec?.selector),
    roles: scenario.pods.map((pod) => pod.metadata?.labels?.role),
  };
}

describe.each([
  ['basic', basic],
  ['routed', routed],
])('a crash of the controller, %s', (_name, options) => {
  it('CAN-134 before any write leads to the same end', () => {
    const whole = story(options);
    const expected = endState(whole);
    expect(expected.layout).toEqual({ 'app:3': 2 });
    for (let n = 0; n < whole.writes; n++) {
      expect(endState(story(options, n)), `crash before write ${n}`).toEqual(expected);
    }
  });
});
