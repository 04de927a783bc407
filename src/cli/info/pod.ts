import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.d.ts';
import { podIcon } from './icons.ts';
import { childMeta } from './meta.ts';
import type { PodInfo } from './types.ts';

/** A pod as a row of the tree; the status text is kubectl's (CLI §3.4). */
export function podInfo(pod: Pod): PodInfo {
  const walked = walkInitContainers(pod) ?? walkContainers(pod);
  const status = deletedStatus(pod) ?? walked.status;
  return {
    objectMeta: childMeta(pod),
    status,
    icon: podIcon(status),
    ready: `${walked.ready}/${(pod.spec?.containers ?? []).length}`,
    restarts: walked.restarts,
  };
}

interface Walk {
  status: string;
  ready: number;
  restarts: number;
}

/** What holds up the init containers; undefined when nothing does. */
function walkInitContainers(pod: Pod): Walk | undefined {
  const statuses = pod.status?.initContainerStatuses ?? [];
  const specs = pod.spec?.initContainers ?? [];
  let restarts = 0;
  const held = (why: string): Walk => ({ status: `Init:${why}`, ready: 0, restarts });
  for (const [index, container] of statuses.entries()) {
    restarts += container.restartCount;
    const { terminated, waiting } = container.state ?? {};
    const spec = specs.find(({ name }) => name === container.name);
    const isSidecar = (spec as { restartPolicy?: string } | undefined)?.restartPolicy === 'Always';

    if (terminated?.exitCode === 0) continue;
    if (terminated) return held(terminated.reason || exitOf(terminated));
    if (isSidecar && (container as { started?: boolean }).started) {
      if (container.ready) continue;
      return undefined;
    }
    if (waiting?.reason && waiting.reason !== 'PodInitializing') return held(waiting.reason);
    return held(`${index}/${specs.length}`);
  }
  return undefined;
}

function walkContainers(pod: Pod): Walk {
  const statuses = [...(pod.status?.containerStatuses ?? [])].reverse();
  let status = pod.status?.reason || pod.status?.phase || '';
  let hasRunning = false;
  let ready = 0;
  for (const container of statuses) {
    const { waiting, terminated, running } = container.state ?? {};
    if (waiting?.reason) status = waiting.reason;
    else if (terminated) status = terminated.reason || exitOf(terminated);
    else if (container.ready && running) {
      hasRunning = true;
      ready++;
    }
  }
  if (status === 'Completed' && hasRunning) status = 'Running';
  return { status, ready, restarts: statuses.reduce((sum, each) => sum + each.restartCount, 0) };
}

function deletedStatus(pod: Pod): string | undefined {
  if (!pod.metadata?.deletionTimestamp) return undefined;
  return pod.status?.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
}

function exitOf({
  signal,
  exitCode,
}: NonNullable<NonNullable<ContainerStatus['state']>['terminated']>): string {
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}
