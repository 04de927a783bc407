import { validateTemplatesFor } from '../../analysis/index.ts';
import {
  MANAGED_BY_ANNOTATION,
  type NginxRouting,
  POD_TEMPLATE_HASH_LABEL,
  type RolloutAnalysis,
} from '../../api/index.ts';
import { routesToService, stableIngressNames } from '../../traffic/index.ts';
import type { RolloutView } from '../view.ts';
import { type FieldError, internal, invalid } from './field-error.ts';

/** What is wrong with the objects that a Rollout refers to (CAN §2.5, TRF §3, BGW §14.3). */
export function* referenceErrors(view: RolloutView): Generator<FieldError> {
  const { canary } = view.rollout.spec.strategy ?? {};
  if (!canary) return;
  const path = 'spec.strategy.canary';
  const services: [string, string | undefined][] = [
    [`${path}.canaryService`, canary.canaryService],
    [`${path}.stableService`, canary.stableService],
    [`${path}.pingPong.pingService`, canary.pingPong?.pingService],
    [`${path}.pingPong.pongService`, canary.pingPong?.pongService],
  ];
  for (const [field, name] of services) {
    if (name && !view.services.has(name)) yield invalid(field, name, `service "${name}" not found`);
  }
  for (const [i, { analysis }] of (canary.steps ?? []).entries()) {
    if (analysis) yield* analysisErrors(view, analysis, `${path}.steps[${i}].analysis.templates`, false);
  }
  if (canary.analysis) yield* analysisErrors(view, canary.analysis, `${path}.analysis.templates`, true);
  if (canary.trafficRouting?.nginx) {
    yield* nginxErrors(
      view,
      canary.trafficRouting.nginx,
      `${path}.trafficRouting.nginx`,
      canary.stableService ?? '',
    );
  }
  for (const [field, name] of services) if (name) yield* serviceErrors(view, field, name);
}

function* serviceErrors(
  { rollout, services }: RolloutView,
  field: string,
  name: string,
): Generator<FieldError> {
  const service = services.get(name);
  if (!service) return;
  const labels = rollout.spec.template?.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(service.spec?.selector ?? {})) {
    if (key === POD_TEMPLATE_HASH_LABEL || labels[key] === value) continue;
    yield invalid(field, name, `Service "${name}" has unmatch label "${key}" in rollout`);
  }
  const manager = service.metadata?.annotations?.[MANAGED_BY_ANNOTATION];
  if (manager && manager !== rollout.metadata.name) {
    yield invalid(field, name, `Service "${name}" is managed by another Rollout`);
  }
}

function* analysisErrors(
  { rollout, analysisTemplates, clusterAnalysisTemplates }: RolloutView,
  { templates = [], args, dryRun, measurementRetention }: RolloutAnalysis,
  path: string,
  background: boolean,
): Generator<FieldError> {
  const error = validateTemplatesFor(
    {
      templates,
      ...(args && { args }),
      ...(dryRun && { dryRun }),
      ...(measurementRetention && { measurementRetention }),
      namespaceTemplates: analysisTemplates,
      clusterTemplates: clusterAnalysisTemplates,
      values: {
        stableHash: rollout.status?.stableRS ?? '',
        latestHash: rollout.status?.currentPodHash ?? '',
        rollout,
      },
    },
    { background },
  );
  if (error) yield invalid(error.path ?? path, error.value, error.message);
}

function* nginxErrors(
  { ingresses }: RolloutView,
  nginx: NginxRouting,
  path: string,
  service: string,
): Generator<FieldError> {
  const several = (nginx.stableIngresses?.length ?? 0) > 0;
  if (Boolean(nginx.stableIngress) === several) {
    const found = several ? 'Both are configured.' : 'Neither are configured.';
    yield internal(path, `Either StableIngress or StableIngresses must be configured. ${found}`);
    return;
  }
  const field = `${path}.${several ? 'stableIngresses' : 'stableIngress'}`;
  for (const name of stableIngressNames(nginx)) {
    const ingress = ingresses.get(name);
    if (!ingress) {
      const message = `ingress.networking.k8s.io "${name}" not found`;
      yield invalid(several ? `${path}.StableIngresses` : field, name, message);
    } else if (!routesToService(ingress, service)) {
      yield invalid(field, name, `ingress \`${name}\` has no rules using service ${service} backend`);
    }
  }
}
