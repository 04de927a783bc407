import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { RolloutObjects } from '../info/index.ts';
import { experimentInfo, rolloutInfo } from '../info/index.ts';
import { analysisRun, days, experiment, pod, replicaSet, rollout } from '../testing/objects.ts';
import { NOW } from '../testing/run.ts';
import { paintFor } from './colour.ts';
import { experimentFrame, rolloutFrame } from './frame.ts';

const plain = (text: string) => text;
const none = { replicaSets: [], pods: [], experiments: [], analysisRuns: [] };

function show(objects: Partial<RolloutObjects> & Pick<RolloutObjects, 'rollout'>): string {
  return `\n${rolloutFrame(rolloutInfo({ ...none, ...objects }), plain, NOW).join('\n')}\n`;
}

const steps = [
  { setWeight: 30 },
  { pause: {} },
  { setWeight: 60 },
  { pause: { duration: '10m' } },
  { analysis: {} },
];

describe('the worked samples', () => {
  const stable = '6d8f4c7b95';
  const image = (tag: string) => `registry.example/checkout:${tag}`;
  const checkout = (spec: object, status: object) =>
    rollout('checkout', {
      spec: { strategy: { canary: { steps } }, ...spec },
      status: { stableRS: stable, ...status },
    });

  it('CLI-070 CLI-072 CLI-073 healthy canary', () => {
    const healthy = checkout(
      {},
      {
        phase: 'Healthy',
        currentStepIndex: 5,
        currentPodHash: stable,
        replicas: 2,
        updatedReplicas: 2,
        readyReplicas: 2,
        availableReplicas: 2,
      },
    );
    const current = replicaSet(healthy, stable, { revision: 4, image: image('1.4.1'), replicas: 2 });
    const old = replicaSet(healthy, '58b9fd6c44', {
      revision: 3,
      image: image('1.3.0'),
      replicas: 0,
      ageSeconds: days(11),
    });
    const pods = [pod(current, '2kxwq'), pod(current, 'zp4dn', { restarts: 2 })];
    expect(show({ rollout: healthy, replicaSets: [old, current], pods })).toBe(`
Name:            checkout
Namespace:       shop
Status:          ✔ Healthy
Strategy:        Canary
  Step:          5/5
  SetWeight:     100
  ActualWeight:  100
Images:          registry.example/checkout:1.4.1 (stable)
Replicas:
  Desired:       2
  Current:       2
  Updated:       2
  Ready:         2
  Available:     2

NAME                                  KIND        STATUS        AGE  INFO
⟳ checkout                            Rollout     ✔ Healthy     41d
├──# revision:4
│  └──⧉ checkout-6d8f4c7b95           ReplicaSet  ✔ Healthy     3d   stable
│     ├──□ checkout-6d8f4c7b95-2kxwq  Pod         ✔ Running     3d   ready:1/1
│     └──□ checkout-6d8f4c7b95-zp4dn  Pod         ✔ Running     3d   ready:1/1,restarts:2
└──# revision:3
   └──⧉ checkout-58b9fd6c44           ReplicaSet  • ScaledDown  11d
`);
  });

  it('CLI-067 CLI-071 CLI-072 paused in a canary pause step', () => {
    const paused = checkout(
      { replicas: 3 },
      {
        phase: 'Paused',
        message: 'CanaryPauseStep',
        pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '2026-03-02T09:12:00Z' }],
        controllerPause: true,
        currentStepIndex: 1,
        currentPodHash: '7c9d5f6b88',
        replicas: 3,
        updatedReplicas: 1,
        readyReplicas: 3,
        availableReplicas: 3,
      },
    );
    const canary = replicaSet(paused, '7c9d5f6b88', {
      revision: 5,
      image: image('1.5.0'),
      ageSeconds: 134,
    });
    const current = replicaSet(paused, stable, { revision: 4, image: image('1.4.1'), replicas: 2 });
    const old = replicaSet(paused, '58b9fd6c44', { revision: 3, replicas: 0, ageSeconds: days(11) });
    const pods = [pod(canary, 'm5vgl', { ageSeconds: 134 }), pod(current, 'zp4dn'), pod(current, '2kxwq')];
    expect(show({ rollout: paused, replicaSets: [canary, current, old], pods })).toBe(`
Name:            checkout
Namespace:       shop
Status:          ॥ Paused
Message:         CanaryPauseStep
Strategy:        Canary
  Step:          1/5
  SetWeight:     30
  ActualWeight:  33
Images:          registry.example/checkout:1.4.1 (stable)
                 registry.example/checkout:1.5.0 (canary)
Replicas:
  Desired:       3
  Current:       3
  Updated:       1
  Ready:         3
  Available:     3

NAME                                  KIND        STATUS        AGE    INFO
⟳ checkout                            Rollout     ॥ Paused      41d
├──# revision:5
│  └──⧉ checkout-7c9d5f6b88           ReplicaSet  ✔ Healthy     2m14s  canary
│     └──□ checkout-7c9d5f6b88-m5vgl  Pod         ✔ Running     2m14s  ready:1/1
├──# revision:4
│  └──⧉ checkout-6d8f4c7b95           ReplicaSet  ✔ Healthy     3d     stable
│     ├──□ checkout-6d8f4c7b95-2kxwq  Pod         ✔ Running     3d     ready:1/1
│     └──□ checkout-6d8f4c7b95-zp4dn  Pod         ✔ Running     3d     ready:1/1
└──# revision:3
   └──⧉ checkout-58b9fd6c44           ReplicaSet  • ScaledDown  11d
`);
  });

  it('CLI-066 CLI-072 CLI-074 degraded after a failed analysis', () => {
    const degraded = checkout(
      { replicas: 3 },
      {
        phase: 'Degraded',
        message:
          'RolloutAborted: Rollout aborted update to revision 5: Metric "error-rate" assessed Failed due to failed (2) > failureLimit (1)',
        abort: true,
        currentStepIndex: 0,
        currentPodHash: '7c9d5f6b88',
        replicas: 3,
        readyReplicas: 3,
        availableReplicas: 3,
      },
    );
    const canary = replicaSet(degraded, '7c9d5f6b88', { revision: 5, replicas: 0, ageSeconds: 14 * 60 });
    const current = replicaSet(degraded, stable, { revision: 4, image: image('1.4.1'), replicas: 3 });
    const run = analysisRun(degraded, '7c9d5f6b88-5-4', {
      revision: 5,
      ageSeconds: 362,
      status: {
        phase: 'Failed',
        metricResults: [
          { name: 'error-rate', phase: 'Failed', successful: 2, failed: 2 },
          {
            name: 'smoke',
            phase: 'Successful',
            successful: 1,
            measurements: [
              {
                phase: 'Successful',
                startedAt: '2026-03-02T09:08:06Z',
                metadata: { 'job-name': '0f6c1d52-9a3e-4c53-8f4e-2b7d6a90c1ee.smoke.1' },
              },
            ],
          },
        ],
      },
    });
    const pods = [pod(current, '2kxwq'), pod(current, 'b6fjc', { ageSeconds: 88 }), pod(current, 'zp4dn')];
    expect(show({ rollout: degraded, replicaSets: [canary, current], pods, analysisRuns: [run] })).toBe(`
Name:            checkout
Namespace:       shop
Status:          ✖ Degraded
Message:         RolloutAborted: Rollout aborted update to revision 5: Metric "error-rate" assessed Failed due to failed (2) > failureLimit (1)
Strategy:        Canary
  Step:          0/5
  SetWeight:     0
  ActualWeight:  0
Images:          registry.example/checkout:1.4.1 (stable)
Replicas:
  Desired:       3
  Current:       3
  Updated:       0
  Ready:         3
  Available:     3

NAME                                                     KIND         STATUS        AGE   INFO
⟳ checkout                                               Rollout      ✖ Degraded    41d
├──# revision:5
│  ├──⧉ checkout-7c9d5f6b88                              ReplicaSet   • ScaledDown  14m   canary
│  └──α checkout-7c9d5f6b88-5-4                          AnalysisRun  ✖ Failed      6m2s  ✔ 3,✖ 2
│     └──⊞ 0f6c1d52-9a3e-4c53-8f4e-2b7d6a90c1ee.smoke.1  Job          ✔ Successful  6m1s
└──# revision:4
   └──⧉ checkout-6d8f4c7b95                              ReplicaSet   ✔ Healthy     3d    stable
      ├──□ checkout-6d8f4c7b95-2kxwq                     Pod          ✔ Running     3d    ready:1/1
      ├──□ checkout-6d8f4c7b95-zp4dn                     Pod          ✔ Running     3d    ready:1/1
      └──□ checkout-6d8f4c7b95-b6fjc                     Pod          ✔ Running     88s   ready:1/1
`);
  });

  it('CLI-068 CLI-071 CLI-072 blue-green, preview waiting for promotion', () => {
    const billing = rollout('billing', {
      metadata: { creationTimestamp: '2026-02-21T09:14:07Z' as never },
      spec: { strategy: { canary: null, blueGreen: { activeService: 'a', previewService: 'p' } } as never },
      status: {
        phase: 'Paused',
        message: 'BlueGreenPause',
        pauseConditions: [{ reason: 'BlueGreenPause', startTime: '2026-03-02T09:12:00Z' }],
        controllerPause: true,
        stableRS: '7b4dd8c6f9',
        currentPodHash: '5f7c96d4bb',
        blueGreen: { activeSelector: '7b4dd8c6f9', previewSelector: '5f7c96d4bb' },
        replicas: 4,
        updatedReplicas: 2,
        readyReplicas: 4,
        availableReplicas: 2,
      },
    });
    const image = (tag: string) => `registry.example/billing:${tag}`;
    const preview = replicaSet(billing, '5f7c96d4bb', {
      revision: 10,
      image: image('10'),
      replicas: 2,
      ageSeconds: 240,
    });
    const active = replicaSet(billing, '7b4dd8c6f9', {
      revision: 9,
      image: image('9'),
      replicas: 2,
      ageSeconds: 51 * 3600,
    });
    const old = replicaSet(billing, '66c5bf9d7d', { revision: 8, replicas: 0, ageSeconds: days(9) });
    const pods = [
      pod(preview, 'jx2rk', { ageSeconds: 240 }),
      pod(preview, 'vw9tz', { ageSeconds: 240 }),
      pod(active, '4lqsn', { ageSeconds: 51 * 3600 }),
      pod(active, 't6hcd', { ageSeconds: 51 * 3600 }),
    ];
    expect(show({ rollout: billing, replicaSets: [active, preview, old], pods })).toBe(`
Name:            billing
Namespace:       shop
Status:          ॥ Paused
Message:         BlueGreenPause
Strategy:        BlueGreen
Images:          registry.example/billing:10 (preview)
                 registry.example/billing:9 (stable, active)
Replicas:
  Desired:       2
  Current:       4
  Updated:       2
  Ready:         4
  Available:     2

NAME                                 KIND        STATUS        AGE   INFO
⟳ billing                            Rollout     ॥ Paused      9d
├──# revision:10
│  └──⧉ billing-5f7c96d4bb           ReplicaSet  ✔ Healthy     4m    preview
│     ├──□ billing-5f7c96d4bb-jx2rk  Pod         ✔ Running     4m    ready:1/1
│     └──□ billing-5f7c96d4bb-vw9tz  Pod         ✔ Running     4m    ready:1/1
├──# revision:9
│  └──⧉ billing-7b4dd8c6f9           ReplicaSet  ✔ Healthy     2d3h  stable,active
│     ├──□ billing-7b4dd8c6f9-4lqsn  Pod         ✔ Running     2d3h  ready:1/1
│     └──□ billing-7b4dd8c6f9-t6hcd  Pod         ✔ Running     2d3h  ready:1/1
└──# revision:8
   └──⧉ billing-66c5bf9d7d           ReplicaSet  • ScaledDown  9d
`);
  });

  const search = rollout('search', {
    metadata: { creationTimestamp: '2026-01-31T09:14:07Z' as never },
    spec: {
      strategy: { canary: { steps: [{ experiment: {} }, { setWeight: 50 }, { pause: {} }] } } as never,
    },
    status: {
      phase: 'Progressing',
      message: 'more replicas need to be updated',
      stableRS: '6b7f5d8c4d',
      currentPodHash: '84f6d7b9c5',
      currentStepIndex: 0,
      replicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
    },
  });
  const trial = experiment(search, 'search-84f6d7b9c5-2-0', {
    metadata: { annotations: { 'rollout.argoproj.io/revision': '2' } },
  });
  const ofTemplate = (template: string, image: string) =>
    replicaSet(trial, template, {
      image,
      ageSeconds: 95,
      annotations: { 'experiment.argoproj.io/template-name': template },
    });
  const baseline = ofTemplate('baseline', 'registry.example/search:2024.7');
  const candidate = ofTemplate('candidate', 'registry.example/search:2024.8');
  const current = replicaSet(search, '6b7f5d8c4d', {
    revision: 1,
    image: 'registry.example/search:2024.7',
    replicas: 2,
    ageSeconds: days(30),
  });
  const objects = {
    replicaSets: [
      current,
      baseline,
      candidate,
      replicaSet(search, '84f6d7b9c5', { revision: 2, replicas: 0, ageSeconds: 96 }),
    ],
    pods: [
      pod(baseline, 'pm7xs', { ageSeconds: 95 }),
      pod(candidate, 'r4nvb', { ageSeconds: 95, containers: 2 }),
      pod(current, '8sgkw', { ageSeconds: days(30) }),
      pod(current, 'hzq2f', { ageSeconds: days(30) }),
    ],
    analysisRuns: [
      analysisRun(trial, 'latency', {
        ageSeconds: 60,
        status: {
          phase: 'Running',
          metricResults: [{ name: 'latency', phase: 'Running', successful: 30, error: 12 }],
        },
      }),
    ],
  };

  it('CLI-071 CLI-072 at an experiment step', () => {
    expect(show({ rollout: search, experiments: [trial], ...objects })).toBe(`
Name:            search
Namespace:       shop
Status:          ◌ Progressing
Message:         more replicas need to be updated
Strategy:        Canary
  Step:          0/3
  SetWeight:     0
  ActualWeight:  0
Images:          registry.example/search:2024.7 (stable, Σ:baseline)
                 registry.example/search:2024.8 (Σ:candidate)
Replicas:
  Desired:       2
  Current:       2
  Updated:       0
  Ready:         2
  Available:     2

NAME                                                 KIND         STATUS         AGE  INFO
⟳ search                                             Rollout      ◌ Progressing  30d
├──# revision:2
│  ├──⧉ search-84f6d7b9c5                            ReplicaSet   • ScaledDown   96s  canary
│  └──Σ search-84f6d7b9c5-2-0                        Experiment   ◌ Running      95s
│     ├──⧉ search-84f6d7b9c5-2-0-baseline            ReplicaSet   ✔ Healthy      95s
│     │  └──□ search-84f6d7b9c5-2-0-baseline-pm7xs   Pod          ✔ Running      95s  ready:1/1
│     ├──⧉ search-84f6d7b9c5-2-0-candidate           ReplicaSet   ✔ Healthy      95s
│     │  └──□ search-84f6d7b9c5-2-0-candidate-r4nvb  Pod          ✔ Running      95s  ready:2/2
│     └──α search-84f6d7b9c5-2-0-latency             AnalysisRun  ◌ Running      60s  ✔ 30,⚠ 12
└──# revision:1
   └──⧉ search-6b7f5d8c4d                            ReplicaSet   ✔ Healthy      30d  stable
      ├──□ search-6b7f5d8c4d-8sgkw                   Pod          ✔ Running      30d  ready:1/1
      └──□ search-6b7f5d8c4d-hzq2f                   Pod          ✔ Running      30d  ready:1/1
`);
  });

  it('CLI-078 the experiment alone', () => {
    const lines = experimentFrame(experimentInfo(trial, objects), plain, NOW);
    expect(lines.slice(0, 9)).toEqual([
      'Name:            search-84f6d7b9c5-2-0',
      'Namespace:       shop',
      'Status:          ◌ Running',
      'Images:          registry.example/search:2024.7 (Σ:baseline)',
      '                 registry.example/search:2024.8 (Σ:candidate)',
      '',
      'NAME                                           KIND         STATUS     AGE  INFO',
      'Σ search-84f6d7b9c5-2-0                        Experiment   ◌ Running  95s',
      '├──⧉ search-84f6d7b9c5-2-0-baseline            ReplicaSet   ✔ Healthy  95s',
    ]);
  });

  it('CLI-070 invalid spec, no steps, no index', () => {
    const invalid = rollout('x', {
      status: { phase: 'Degraded', message: 'InvalidSpec: The Rollout "x" is invalid: spec.selector: …' },
    });
    expect(show({ rollout: invalid })).toContain(
      '\n  Step:\n  SetWeight:     100\n  ActualWeight:  100\nReplicas:\n',
    );
    expect(show({ rollout: invalid }).trimEnd().split('\n').at(-1)).toBe('⟳ x   Rollout  ✖ Degraded  41d');
    expect(show({ rollout: checkout({}, { currentStepIndex: null }) })).toContain(
      '\n  Step:\n  SetWeight:     30\n  ActualWeight:  0\n',
    );
  });
});

describe('colours', () => {
  it('CLI-076 escape codes leave the alignment as it is', () => {
    const sample = rollout('r', { status: { phase: 'Degraded', stableRS: 'a' } });
    const set = replicaSet(sample, 'a', { revision: 1 });
    const info = rolloutInfo({ ...none, rollout: sample, replicaSets: [set], pods: [pod(set, 'x')] });
    const paint = paintFor({ color: 'always' }, { env: {}, stdout: { isTTY: false } } as never);
    const coloured = rolloutFrame(info, paint, NOW);
    const visible = (text: string) => text.replaceAll('\u001b', 'ESC');
    expect(coloured.map((line) => stripVTControlCharacters(line))).toEqual(rolloutFrame(info, plain, NOW));
    expect(visible(coloured.join('\n'))).toContain('ESC[31m✖ESC[0m Degraded');
    expect(visible(coloured.join('\n'))).toContain('⧉ ESC[32mr-aESC[0m');
    expect(visible(coloured.join('\n'))).toContain('image (ESC[32mstableESC[0m)');
  });

  it('CLI-076 colour needs a terminal and nobody against it', () => {
    const coloured = (flags: object, env: object, isTTY: boolean) =>
      paintFor(flags, { env, stdout: { isTTY } } as never)('✔') !== '✔';
    expect(coloured({}, {}, true)).toBe(true);
    expect(coloured({}, {}, false)).toBe(false);
    expect(coloured({}, { NO_COLOR: '1' }, true)).toBe(false);
    expect(coloured({}, { TERM: 'dumb' }, true)).toBe(false);
    expect(coloured({ color: false }, {}, true)).toBe(false);
    expect(coloured({ color: 'always' }, { NO_COLOR: '1' }, false)).toBe(true);
  });
});
