import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { ContainerSlot } from '../pods/slot.ts';
import type { RuntimeContainer } from '../runtime/runtime.ts';

/** The run that `kubectl logs --previous` shows: the one in `lastState`, which is the latest while the next is waited for. */
export function previousRun(
  { spec, run, previous }: ContainerSlot,
  { status }: Pod,
): RuntimeContainer | undefined {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const last = all.find(({ name }) => name === spec.name)?.lastState?.terminated?.containerID;
  return run?.exit && run.id === last ? run : previous;
}

/** Why a container that has not run yet has no log, in kubelet's words. */
export function whyWaiting({ problem }: ContainerSlot, { spec }: Pod): string {
  if (problem?.reason === 'ErrImagePull') return "image can't be pulled";
  if (problem?.reason === 'ImagePullBackOff') return 'trying and failing to pull image';
  if (problem) return problem.reason;
  return spec?.initContainers?.length ? 'PodInitializing' : 'ContainerCreating';
}
