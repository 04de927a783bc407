import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.d.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Rollout } from '../../src/api/index.ts';
import { Kanari } from './harness/kanari.ts';

/** Autoscalers as a user makes them: real kubectl, and pods whose processes really work. */

let kanari: Kanari;

const until = <T>(probe: () => Promise<T> | T, timeoutMs = 30_000) =>
  expect.poll(probe, { timeout: timeoutMs, interval: 200 });

/** While this file is there, the pods have work. */
const load = () => join(kanari.stateDir, 'load');

/** Pods that use about a tenth of a core while there is work, and next to nothing without. */
const template = () => ({
  metadata: { labels: { app: 'NAME' } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: 'busybox',
        command: [
          'sh',
          '-c',
          `while :; do
            if [ -e ${load()} ]; then i=0; while [ $i -lt 10000 ]; do i=$((i+1)); done; sleep 0.1; else sleep 1; fi
          done`,
        ],
        resources: { requests: { cpu: '50m', memory: '16Mi' } },
      },
    ],
  },
});

const workload = (kind: 'Deployment' | 'Rollout', name: string) =>
  JSON.stringify({
    apiVersion: kind === 'Rollout' ? 'argoproj.io/v1alpha1' : 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: template(),
      ...(kind === 'Rollout' && { strategy: { canary: {} } }),
    },
  }).replace('NAME', name);

const autoscaler = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec:
  scaleTargetRef: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: shop}
  minReplicas: 1
  maxReplicas: 3
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
  - type: ContainerResource
    containerResource: {name: memory, container: main, target: {type: AverageValue, averageValue: 1Gi}}
  behavior:
    scaleDown: {stabilizationWindowSeconds: 0}
`;

const replicas = async () => [
  (await kanari.json<Deployment>('deployment', 'web')).status?.readyReplicas,
  (await kanari.json<Rollout>('rollout', 'shop')).status?.readyReplicas,
];
const hpa = (name: string) => kanari.json<HorizontalPodAutoscaler>('hpa', name);
const fine = async (...args: string[]) => {
  const ran = await kanari.kubectl(...args);
  expect(ran, ran.stderr).toMatchObject({ code: 0 });
  return ran.stdout;
};

beforeAll(async () => {
  kanari = await Kanari.up({
    args: ['--no-example', '--metric-resolution', '1s', '--horizontal-pod-autoscaler-sync-period', '1s'],
  });
});
afterAll(() => kanari?.cleanUp());

test('autoscalers follow the load of a Deployment and a Rollout, up and down', async () => {
  await writeFile(load(), '');
  for (const manifest of [workload('Deployment', 'web'), workload('Rollout', 'shop'), autoscaler]) {
    expect(await kanari.apply(manifest)).toMatchObject({ code: 0 });
  }
  expect(await fine('autoscale', 'deployment', 'web', '--cpu-percent=50', '--max=3')).toBe(
    'horizontalpodautoscaler.autoscaling/web autoscaled\n',
  );

  await until(replicas).toEqual([3, 3]);
  await until(() => fine('get', 'hpa', 'web')).toMatch(
    /^NAME\s+REFERENCE\s+TARGETS\s+MINPODS\s+MAXPODS\s+REPLICAS\s+AGE\nweb\s+Deployment\/web\s+cpu: \d+%\/50%\s+1\s+3\s+3\s+\S+\n$/,
  );
  expect(await fine('get', 'hpa', 'shop')).toMatch(/Rollout\/shop\s+cpu: \d+%\/50%, memory: \d+m?\/1Gi/);
  const described = await fine('describe', 'hpa', 'shop');
  expect(described).toMatch(/resource cpu on pods {2}\(as a percentage of request\): +\d+% \(\d+m\) \/ 50%/);
  expect(described).toMatch(/Rollout pods: +\d current \/ 3 desired/);
  expect(described).toMatch(
    /SuccessfulRescale .* horizontal-pod-autoscaler +New size: \d; reason: cpu resource utilization \(percentage of request\) above target/,
  );
  // The first sample of a new pod may be that of its start.
  await until(() => fine('top', 'pod', '-l', 'app=web', '--containers', '--no-headers')).toMatch(
    /^(web-\S+\s+main\s+\d\d+m\s+\d+Mi\s*\n){3}$/,
  );
  expect(await fine('top', 'node')).toMatch(/^NAME\s+CPU\(cores\).*\n\S+\s+\d+m\s+\d+%\s+\d+Mi\s+\d+%/);

  await rm(load());
  await fine(
    'patch',
    'hpa',
    'web',
    '--patch',
    '{"spec":{"behavior":{"scaleDown":{"stabilizationWindowSeconds":0}}}}',
  );
  await until(replicas).toEqual([1, 1]);
  const conditions = (await hpa('web')).status?.conditions ?? [];
  expect(conditions.map(({ type }) => type)).toEqual(['AbleToScale', 'ScalingActive', 'ScalingLimited']);
  expect(
    await fine('get', 'events', '--field-selector', 'involvedObject.name=web,reason=SuccessfulRescale'),
  ).toMatch(/New size: 1; reason: All metrics below target/);
});

test('a size that the user sets within the bounds stays until the metrics say otherwise; none switches it off', async () => {
  await fine('scale', 'deployment', 'web', '--replicas=0');
  await until(async () => (await hpa('web')).status?.conditions?.[1]?.reason).toBe('ScalingDisabled');
  await fine('scale', 'deployment', 'web', '--replicas=9');
  await until(async () => (await kanari.json<Deployment>('deployment', 'web')).spec?.replicas).toBe(1);
  expect(await fine('get', 'events', '--field-selector', 'involvedObject.name=web')).toMatch(
    /New size: 3; reason: Current number of replicas above Spec.MaxReplicas/,
  );
});

test('autoscaling/v1 shows the same autoscaler, and bad input is refused by name', async () => {
  const v1 = await kanari.json<HorizontalPodAutoscaler>('horizontalpodautoscalers.v1.autoscaling', 'web');
  expect(v1).toMatchObject({ apiVersion: 'autoscaling/v1', spec: { targetCPUUtilizationPercentage: 50 } });
  expect(v1.metadata?.annotations?.['autoscaling.alpha.kubernetes.io/conditions']).toContain('AbleToScale');
  const refused = await kanari.kubectl('patch', 'hpa', 'web', '--patch', '{"spec":{"maxReplicas":0}}');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('spec.maxReplicas: Invalid value: 0: must be greater than 0');
});
