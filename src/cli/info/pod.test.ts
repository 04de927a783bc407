import type { Pod, PodStatus } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { podInfo } from './pod.ts';

const terminated = (exitCode: number, more: object = {}) => ({
  state: { terminated: { exitCode, ...more } },
});
const waiting = (reason?: string) => ({ state: { waiting: { reason } } });
const running = { state: { running: {} }, ready: true };

/** A pod with the given containers; each has restarted once. */
function pod(containers: object[], inits: object[] = [], status: PodStatus = {}, metadata: object = {}): Pod {
  const statuses = (list: object[], name: string) =>
    list.map((each, index) => ({
      name: `${name}${index}`,
      image: '',
      imageID: '',
      ready: false,
      restartCount: 1,
      ...each,
    }));
  return {
    metadata: { name: 'p', ...metadata },
    spec: {
      containers: containers.map((_, index) => ({ name: `c${index}` })),
      initContainers: inits.map((each, index) => ({
        name: `i${index}`,
        ...('started' in each && { restartPolicy: 'Always' }),
      })),
    },
    status: {
      phase: 'Running',
      containerStatuses: statuses(containers, 'c'),
      initContainerStatuses: statuses(inits, 'i'),
      ...status,
    },
  } as Pod;
}

describe('pod status', () => {
  it.each<[string, Pod, string, string]>([
    ['running', pod([running]), 'Running', '✔'],
    ['pending', pod([], [], { phase: 'Pending' }), 'Pending', '◌'],
    ['evicted', pod([], [], { phase: 'Failed', reason: 'Evicted' }), 'Evicted', '✖'],
    ['succeeded', pod([], [], { phase: 'Succeeded' }), 'Succeeded', '✔'],
    ['waiting', pod([waiting('ContainerCreating')]), 'ContainerCreating', '◌'],
    [
      'first container wins',
      pod([waiting('CrashLoopBackOff'), waiting('ErrImagePull')]),
      'CrashLoopBackOff',
      '✖',
    ],
    ['image', pod([waiting('ImagePullBackOff')]), 'ImagePullBackOff', '⚠'],
    ['config error', pod([waiting('CreateContainerConfigError')]), 'CreateContainerConfigError', '⚠'],
    ['memory', pod([terminated(137, { reason: 'OOMKilled' })]), 'OOMKilled', '✖'],
    ['exit code', pod([terminated(3)]), 'ExitCode:3', '✖'],
    ['signal', pod([terminated(137, { signal: 9 })]), 'Signal:9', '✖'],
    ['completed beside running', pod([terminated(0, { reason: 'Completed' }), running]), 'Running', '✔'],
    ['completed', pod([terminated(0, { reason: 'Completed' })]), 'Completed', '✔'],
    ['terminating', pod([running], [], {}, { deletionTimestamp: 'x' }), 'Terminating', '◌'],
    ['node lost', pod([running], [], { reason: 'NodeLost' }, { deletionTimestamp: 'x' }), 'Unknown', '?'],
    [
      'init waits',
      pod([waiting('PodInitializing')], [terminated(0), waiting('PodInitializing')]),
      'Init:1/2',
      '◌',
    ],
    ['init image', pod([], [waiting('ImagePullBackOff')]), 'Init:ImagePullBackOff', '◌'],
    ['init crash', pod([], [waiting('CrashLoopBackOff')]), 'Init:CrashLoopBackOff', '✖'],
    ['init error', pod([], [terminated(1, { reason: 'Error' })]), 'Init:Error', '✖'],
    ['init exit', pod([], [terminated(2)]), 'Init:ExitCode:2', '◌'],
    ['init signal', pod([], [terminated(2, { signal: 15 })]), 'Init:Signal:15', '◌'],
    ['sidecar ready', pod([running], [{ started: true, ...running }]), 'Running', '✔'],
    ['sidecar not ready', pod([running], [{ started: true }, waiting('x')]), 'Running', '✔'],
    ['sidecar not started', pod([], [{ started: false, ...waiting() }]), 'Init:0/1', '◌'],
  ])('CLI-069 %s', (_, object, status, icon) => {
    expect(podInfo(object)).toMatchObject({ status, icon });
  });

  it('CLI-069 counts what is ready and restarted in the containers it walked', () => {
    expect(podInfo(pod([running, terminated(1)], [terminated(0)]))).toMatchObject({
      ready: '1/2',
      restarts: 2,
    });
    expect(podInfo(pod([running], [terminated(0), waiting('x')]))).toMatchObject({
      ready: '0/1',
      restarts: 2,
    });
  });
});
