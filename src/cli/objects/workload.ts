import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import {
  apiVersionOf,
  Deployments,
  type KubeObject,
  type ObjectRef,
  ReplicaSets,
  type ResourceType,
  type Rollout,
} from '../../api/index.ts';
import { CliError } from '../errors.ts';

/** The workload that a Rollout takes its pod template from with `spec.workloadRef`. */

export const PodTemplates: ResourceType = {
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  namespaced: true,
};

const workloadTypes: readonly ResourceType[] = [Deployments, ReplicaSets, PodTemplates];

/** An unsupported kind of workload. */
class UnsupportedWorkloadError extends CliError {
  override name = 'UnsupportedWorkloadError';

  constructor(kind: string) {
    super(`workload of type ${kind} is not supported`);
  }
}

/**
 * Where the Rollout's pod template is; undefined: in the Rollout itself.
 * @throws UnsupportedWorkloadError for kinds other than Deployment, ReplicaSet and PodTemplate
 */
export function workloadOf(rollout: Rollout): ObjectRef | undefined {
  const workload = rollout.spec.workloadRef;
  if (!workload) return undefined;
  const { name, kind = '' } = workload;
  if (typeof name !== 'string') {
    throw new CliError(`spec.workloadRef.name is not a string: ${JSON.stringify(name ?? null)}`);
  }
  const type = workloadTypes.find((each) => each.kind === kind);
  if (!type) throw new UnsupportedWorkloadError(kind);
  return { type, namespace: rollout.metadata.namespace, name };
}

/** Path of the pod template within objects of the type. */
export function templatePath(type: ResourceType): '/template' | '/spec/template' {
  return type.kind === PodTemplates.kind && apiVersionOf(type) === 'v1' ? '/template' : '/spec/template';
}

interface WithTemplate extends KubeObject {
  template?: PodTemplateSpec;
  spec?: { template?: PodTemplateSpec };
}

/** The pod template of a Rollout or a workload. */
export function templateOf(object: WithTemplate, type: ResourceType): PodTemplateSpec | undefined {
  return templatePath(type) === '/template' ? object.template : object.spec?.template;
}

/** The object with another pod template; all else is kept, known to us or not. */
export function withTemplate(
  object: WithTemplate,
  type: ResourceType,
  template: PodTemplateSpec,
): KubeObject {
  return templatePath(type) === '/template'
    ? ({ ...object, template } as KubeObject)
    : ({ ...object, spec: { ...object.spec, template } } as KubeObject);
}
