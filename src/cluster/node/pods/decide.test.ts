import type { Pod, PodCondition, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import type { Exit } from '../runtime/runtime.ts';
import { raiseBackoff, restartAt } from './backoff.ts';
import { planPod } from './decide.ts';
import { podStatus } from './status.ts';
import type { ContainerView, PodView, RunView } from './view.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const exit = (exitCode: number, secondsAgo = 0, more: Partial<Exit> = {}): Exit => ({
  exitCode,
  startedAt: NOW - secondsAgo * 1000 - 1000,
  finishedAt: NOW - secondsAgo * 1000,
  interrupted: false,
  ...more,
});
const run = (end?: Exit, attempt = 0): RunView => ({
  id: `process://${attempt}`,
  attempt,
  startedAt: NOW - 1000,
  exit: end,
});
const container = (name: string, more: Partial<ContainerView> = {}, spec = {}): ContainerView => ({
  spec: { name, image: 'busybox', ...spec },
  started: true,
  ready: true,
  ...more,
});

function view(
  containers: ContainerView[],
  more: Partial<PodView> = {},
  spec: Partial<PodSpec> = {},
): PodView {
  const pod: Pod = {
    metadata: { name: 'p', namespace: 'ns', uid: 'u' },
    spec: { containers: containers.map((each) => each.spec), ...spec },
  };
  return {
    pod,
    podIP: '127.64.0.1',
    hostIP: '127.0.0.1',
    startedAt: NOW,
    initContainers: [],
    containers,
    ending: false,
    ...more,
  };
}

const started = (given: PodView) => planPod(given, NOW).start.map(({ spec }) => spec.name);
const conditionsOf = (given: PodView) =>
  Object.fromEntries((podStatus(given, NOW).conditions ?? []).map(({ type, status }) => [type, status]));

describe('which containers are started', () => {
  it('all at first, none that runs', () => {
    expect(started(view([container('a'), container('b', { run: run() })]))).toEqual(['a']);
  });

  it.each([
    ['Always', 0, ['a']],
    ['Always', 1, ['a']],
    ['OnFailure', 0, []],
    ['OnFailure', 1, ['a']],
    ['Never', 0, []],
    ['Never', 1, []],
  ])('restartPolicy %s after exit code %i: %j', (restartPolicy, code, expected) => {
    expect(started(view([container('a', { run: run(exit(code)) })], {}, { restartPolicy }))).toEqual(
      expected,
    );
  });

  it('again at once what the agent itself interrupted, whatever the policy', () => {
    const interrupted = container('a', { run: run(exit(143, 0, { interrupted: true })) });
    expect(started(view([interrupted], {}, { restartPolicy: 'Never' }))).toEqual(['a']);
  });

  it('after its back-off only, with the time to look again', () => {
    const crashed = container('a', {
      run: run(exit(1, 4)),
      backoff: { delayMs: 10_000, raisedAt: NOW - 5000 },
    });
    expect(planPod(view([crashed]), NOW)).toEqual({ start: [], stop: [], wakeAt: NOW + 6000 });
  });

  it('init containers one after another, then the others; none again once these have begun', () => {
    const one = container('one', { run: run(exit(0)) });
    const two = container('two');
    expect(started(view([container('a')], { initContainers: [one, two] }))).toEqual(['two']);
    const done = container('two', { run: run(exit(0)) });
    expect(started(view([container('a')], { initContainers: [one, done] }))).toEqual(['a']);
    expect(started(view([container('a', { run: run() })], { initContainers: [two] }))).toEqual([]);
  });

  it('the containers once a sidecar has started, which is stopped when they are done', () => {
    const sidecar = (more: Partial<ContainerView>) => container('side', more, { restartPolicy: 'Always' });
    expect(
      started(view([container('a')], { initContainers: [sidecar({ run: run(), started: false })] })),
    ).toEqual([]);
    expect(started(view([container('a')], { initContainers: [sidecar({ run: run() })] }))).toEqual(['a']);
    const done = view(
      [container('a', { run: run(exit(0)) })],
      { initContainers: [sidecar({ run: run() })] },
      { restartPolicy: 'Never' },
    );
    expect(planPod(done, NOW).stop.map(({ spec }) => spec.name)).toEqual(['side']);
  });

  it('none of a pod that ends', () => {
    expect(started(view([container('a')], { ending: true }))).toEqual([]);
  });

  it('a run whose liveness probe failed is stopped', () => {
    const unhealthy = container('a', { run: run(), unhealthy: { probe: 'liveness' } });
    expect(planPod(view([unhealthy]), NOW).stop).toHaveLength(1);
  });

  it('looks again when the active deadline runs out', () => {
    const limited = view([container('a', { run: run() })], {}, { activeDeadlineSeconds: 30 });
    expect(planPod(limited, NOW).wakeAt).toBe(NOW + 30_000);
  });
});

describe('the back-off after crashes', () => {
  it('is none, 10 s, 20 s … 5 min, and begins anew after a run of 10 minutes', () => {
    let backoff = raiseBackoff(undefined, exit(1), NOW);
    expect(restartAt(exit(1), undefined)).toBe(NOW);
    const delays = [];
    for (let n = 0; n < 7; n++) {
      delays.push(restartAt(exit(1), backoff) - NOW);
      backoff = raiseBackoff(backoff, exit(1), NOW);
    }
    expect(delays).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
    const old = { delayMs: 300_000, raisedAt: NOW - 601_000 };
    expect(restartAt(exit(1), old)).toBe(NOW);
    expect(raiseBackoff(old, exit(1), NOW)?.delayMs).toBe(10_000);
  });
});

describe('the status', () => {
  it('of a pod that is being created', () => {
    const creating = view([container('a')]);
    const status = podStatus(creating, NOW);
    expect(status.phase).toBe('Pending');
    expect(status.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'ContainerCreating' } });
    expect(conditionsOf(creating)).toMatchObject({
      Initialized: 'True',
      Ready: 'False',
      PodScheduled: 'True',
    });
  });

  it('of a running pod: ready when all containers are', () => {
    const half = view([container('a', { run: run() }), container('b', { run: run(), ready: false })]);
    expect(podStatus(half, NOW).phase).toBe('Running');
    expect(podStatus(half, NOW).conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [b]',
    });
    expect(conditionsOf(view([container('a', { run: run() })]))).toMatchObject({ Ready: 'True' });
  });

  it('waits for readiness gates', () => {
    const gated = view([container('a', { run: run() })], {}, { readinessGates: [{ conditionType: 'x/y' }] });
    expect(conditionsOf(gated)).toMatchObject({ Ready: 'False', ContainersReady: 'True' });
    const messageWith = (conditions: PodCondition[]) => {
      const given = { ...gated, pod: { ...gated.pod, status: { conditions } } };
      return podStatus(given, NOW).conditions?.find(({ type }) => type === 'Ready')?.message;
    };
    expect(messageWith([])).toBe('corresponding condition of pod readiness gate "x/y" does not exist.');
    expect(messageWith([{ type: 'x/y', status: 'False' }])).toBe(
      'the status of pod readiness gate "x/y" is not "True", but False',
    );
    expect(messageWith([{ type: 'x/y', status: 'True' }])).toBeUndefined();
  });

  it('without its volumes is not ready to start containers', () => {
    const waiting = view([container('a')], { lacksVolumes: true });
    expect(conditionsOf(waiting)).toMatchObject({ PodReadyToStartContainers: 'False', Initialized: 'True' });
  });

  it('of a program that cannot be started: RunContainerError while it is tried again, then CrashLoopBackOff', () => {
    const failed = { ...run(exit(128)), startError: 'no such file' };
    const [first] = podStatus(view([container('a', { run: failed })]), NOW).containerStatuses ?? [];
    expect(first?.state).toEqual({ waiting: { reason: 'RunContainerError', message: 'no such file' } });
    const backoff = { delayMs: 10_000, raisedAt: NOW };
    const [second] = podStatus(view([container('a', { run: failed, backoff })]), NOW).containerStatuses ?? [];
    expect(second).toMatchObject({
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { reason: 'StartError', exitCode: 128, message: 'no such file' } },
    });
  });

  it('keeps the time of a condition that has not changed', () => {
    const given = view([container('a', { run: run() })]);
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }];
    const before = { ...given, pod: { ...given.pod, status: { conditions } } };
    const ready = podStatus(before, NOW).conditions?.find(({ type }) => type === 'Ready');
    expect(ready?.lastTransitionTime).toBe('2026-01-01T00:00:00Z');
  });

  it('of a crash: terminated, then CrashLoopBackOff with the run before', () => {
    const crashed = container('a', {
      run: run(exit(3, 2), 4),
      backoff: { delayMs: 80_000, raisedAt: NOW - 3000 },
    });
    const [status] = podStatus(view([crashed]), NOW).containerStatuses ?? [];
    expect(status).toMatchObject({
      restartCount: 4,
      ready: false,
      started: false,
      state: {
        waiting: {
          reason: 'CrashLoopBackOff',
          message: 'back-off 1m20s restarting failed container=a pod=p_ns(u)',
        },
      },
      lastState: { terminated: { exitCode: 3, reason: 'Error' } },
    });
  });

  it.each([
    ['Never', [0, 0], 'Succeeded'],
    ['Never', [0, 1], 'Failed'],
    ['OnFailure', [0, 0], 'Succeeded'],
    ['OnFailure', [0, 1], 'Running'],
    ['Always', [0, 0], 'Running'],
  ])('%s after the exit codes %j: %s', (restartPolicy, codes, phase) => {
    const ended = codes.map((code, index) => container(`c${index}`, { run: run(exit(code)) }));
    expect(podStatus(view(ended, {}, { restartPolicy }), NOW).phase).toBe(phase);
  });

  it('of a failed init container that is not tried again', () => {
    const failed = view(
      [container('a')],
      { initContainers: [container('i', { run: run(exit(1)) })] },
      { restartPolicy: 'Never' },
    );
    expect(podStatus(failed, NOW).phase).toBe('Failed');
    expect(conditionsOf(failed)).toMatchObject({ Initialized: 'False' });
  });
});

describe('containers for debugging', () => {
  const debug = (more: Partial<ContainerView> = {}) => ({ ephemeralContainers: [container('debug', more)] });
  const stateOf = (given: PodView) => podStatus(given, NOW).ephemeralContainerStatuses?.[0]?.state;

  it('are started once, before the init containers have ended too', () => {
    expect(started(view([container('a', { run: run() })], debug()))).toEqual(['debug']);
    expect(started(view([container('a', { run: run() })], debug({ run: run(exit(1)) })))).toEqual([]);
    const waiting = { initContainers: [container('init', { run: run() })], ...debug() };
    expect(started(view([container('a')], waiting))).toEqual(['debug']);
  });

  it('are not started again by an agent that finds nothing of them', () => {
    const plain = view([container('a', { run: run() })], debug());
    const earlier = { name: 'debug', containerID: 'simulated://1', ready: false, restartCount: 0 };
    const status = { ephemeralContainerStatuses: [{ ...earlier, image: 'busybox', imageID: 'busybox' }] };
    const given = { ...plain, pod: { ...plain.pod, status } };
    expect(started(given)).toEqual([]);
    expect(podStatus(given, NOW).ephemeralContainerStatuses).toMatchObject([earlier]);
  });

  it('say how they are, and count for nothing else', () => {
    const ready = [container('a', { run: run() })];
    expect(stateOf(view(ready, debug()))).toEqual({ waiting: { reason: 'ContainerCreating' } });
    expect(stateOf(view(ready, debug({ run: run() })))).toHaveProperty('running');
    const failed = view(ready, debug({ run: run(exit(3)) }));
    expect(stateOf(failed)).toMatchObject({ terminated: { exitCode: 3, reason: 'Error' } });
    expect(podStatus(failed, NOW).phase).toBe('Running');
    expect(conditionsOf(failed)).toMatchObject({ Ready: 'True' });
    const problem = { reason: 'ImagePullBackOff', message: 'no', retryAt: NOW + 1 } as const;
    expect(stateOf(view(ready, debug({ problem })))).toEqual({
      waiting: { reason: 'ImagePullBackOff', message: 'no' },
    });
  });

  it('end with their pod', () => {
    const given = view([container('a', { run: run(exit(0)) })], debug({ run: run() }), {
      restartPolicy: 'Never',
    });
    expect(planPod(given, NOW).stop.map(({ spec }) => spec.name)).toEqual(['debug']);
    expect(podStatus(given, NOW).phase).toBe('Succeeded');
  });
});
