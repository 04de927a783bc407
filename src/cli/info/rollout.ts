import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Container, Pod, PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import type { AnalysisRun, Experiment, KubeObject, Rollout } from '../../api/index.ts';
import { analysisRunInfos } from './analysisrun.ts';
import { experimentInfos } from './experiment.ts';
import { rolloutIcon } from './icons.ts';
import { rolloutMeta } from './meta.ts';
import { shownPhase } from './phase.ts';
import { replicaSetInfos } from './replicaset.ts';
import type { ContainerInfo, RolloutInfo } from './types.ts';
import { actualWeightOf, setWeightOf, stepText } from './weights.ts';

/** A Rollout and what may belong to it; ownership is looked up in the owner references. */
export interface RolloutObjects {
  rollout: Rollout;
  replicaSets: readonly ReplicaSet[];
  pods: readonly Pod[];
  experiments: readonly Experiment[];
  analysisRuns: readonly AnalysisRun[];
  /** The referenced workload, when there is one and it can be read. */
  workload?: KubeObject | undefined;
}

/** Everything that is shown of a Rollout (CLI §3.3). */
export function rolloutInfo(objects: RolloutObjects): RolloutInfo {
  const { rollout, workload } = objects;
  const { spec, status = {} } = rollout;
  const { phase, message } = shownPhase(rollout, workload);
  const replicaSets = replicaSetInfos(rollout, objects.replicaSets, objects.pods, rollout);
  const template = spec.template?.spec ? spec.template : workloadTemplate(workload);
  const isCanary = spec.strategy?.canary !== undefined;
  return {
    objectMeta: rolloutMeta(rollout),
    status: phase,
    message,
    icon: rolloutIcon(phase),
    strategy: strategyOf(rollout),
    step: stepText(rollout),
    setWeight: isCanary ? String(setWeightOf(rollout)) : '',
    actualWeight: isCanary ? String(actualWeightOf(rollout, replicaSets)) : '',
    ready: status.readyReplicas ?? 0,
    current: status.replicas ?? 0,
    desired: spec.replicas ?? 1,
    updated: status.updatedReplicas ?? 0,
    available: status.availableReplicas ?? 0,
    restartedAt: status.restartedAt ? goTime(new Date(status.restartedAt)) : 'Never',
    generation: status.observedGeneration ?? '',
    replicaSets,
    experiments: experimentInfos(rollout, objects.experiments, objects),
    analysisRuns: analysisRunInfos(rollout, objects.analysisRuns),
    containers: imagesOf(template?.spec?.containers),
    initContainers: imagesOf(template?.spec?.initContainers),
    steps: status.currentStepIndex === undefined ? [] : (spec.strategy?.canary?.steps ?? []),
  };
}

export function strategyOf({ spec }: Rollout): 'Canary' | 'BlueGreen' | '' {
  if (spec.strategy?.canary) return 'Canary';
  return spec.strategy?.blueGreen ? 'BlueGreen' : '';
}

function workloadTemplate(workload: KubeObject | undefined): PodTemplateSpec | undefined {
  const { spec, template } = (workload ?? {}) as {
    spec?: { template?: PodTemplateSpec };
    template?: PodTemplateSpec;
  };
  return spec?.template ?? template;
}

function imagesOf(containers: Container[] | undefined): ContainerInfo[] {
  return (containers ?? []).map(({ name, image }) => ({ name, image: image ?? '' }));
}

/** `2006-01-02 15:04:05 +0000 UTC` in the local time zone. */
function goTime(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const offset = -time.getTimezoneOffset();
  const zone = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(time)
    .find(({ type }) => type === 'timeZoneName')?.value;
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  const shift = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  return `${day} ${clock} ${shift} ${zone}`;
}
