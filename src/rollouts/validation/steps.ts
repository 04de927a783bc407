import type { Static } from 'typebox';
import { isSupportedMetadataPath } from '../../analysis/index.ts';
import type {
  CanaryStep,
  CanaryStrategy,
  RolloutAnalysisArg,
  RolloutExperimentStep,
  SetHeaderRoute,
  SetMirrorRoute,
  StringMatch,
} from '../../api/index.ts';
import { pauseSeconds } from '../canary/steps.ts';
import { type FieldError, invalid, required } from './field-error.ts';

/** What is wrong with a step (CAN §2.5, TRF §2). */
export function* stepErrors(step: CanaryStep, index: number, canary: CanaryStrategy): Generator<FieldError> {
  const path = `spec.strategy.steps[${index}]`;
  const routing = canary.trafficRouting;
  yield* kindErrors(step, path);
  if (step.setWeight !== undefined) {
    const max = routing?.maxTrafficWeight ?? 100;
    if (step.setWeight < 0 || step.setWeight > max) {
      yield invalid(`${path}.setWeight`, step.setWeight, `SetWeight needs to be between 0 and ${max}`);
    }
  }
  const pause = pauseSeconds(step.pause?.duration);
  if (pause !== undefined && pause < 0) {
    yield invalid(`${path}.pause.duration`, pause, 'Duration needs to be greater than 0');
  }
  if (step.setCanaryScale && !routing) {
    yield required('spec.strategy.trafficRouting', 'SetCanaryScale requires TrafficRouting to be set');
  }
  if (step.setCanaryScale) yield* canaryScaleErrors(step.setCanaryScale, path);
  if (step.setHeaderRoute) yield* headerRouteErrors(step.setHeaderRoute, `${path}.setHeaderRoute`, canary);
  if (step.setMirrorRoute) yield* mirrorRouteErrors(step.setMirrorRoute, `${path}.setMirrorRoute`, canary);
  if (step.experiment) yield* experimentErrors(step.experiment, path, canary);
  yield* argumentErrors(step.analysis?.args, path);
  for (const analysis of step.experiment?.analyses ?? []) yield* argumentErrors(analysis.args, path);
}

/** At least one kind, and only one of those that decide when the step is over. */
function* kindErrors(step: CanaryStep, path: string): Generator<FieldError> {
  const exclusive = [step.setWeight, step.pause, step.experiment, step.analysis];
  const others = [step.setCanaryScale, step.setHeaderRoute, step.setMirrorRoute, step.plugin];
  const count = exclusive.filter((kind) => kind !== undefined).length;
  if (count > 1 || (count === 0 && others.every((kind) => kind === undefined))) {
    yield invalid(
      path,
      step,
      'Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause',
    );
  }
}

function* canaryScaleErrors(
  scale: NonNullable<CanaryStep['setCanaryScale']>,
  path: string,
): Generator<FieldError> {
  for (const field of ['weight', 'replicas'] as const) {
    const value = scale[field];
    if (value !== undefined && value < 0) {
      yield invalid(`${path}.setCanaryScale.${field}`, value, 'must be greater than or equal to 0');
    }
  }
}

function* headerRouteErrors(
  route: Static<typeof SetHeaderRoute>,
  path: string,
  canary: CanaryStrategy,
): Generator<FieldError> {
  const { alb, istio, apisix, plugins } = canary.trafficRouting ?? {};
  if (!alb && !istio && !apisix && !plugins) {
    yield invalid(path, route, 'SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix');
    return;
  }
  for (const [i, { headerValue }] of (route.match ?? []).entries()) {
    const at = `${path}.match[${i}]`;
    if (alb && (!headerValue?.exact || headerValue.prefix || headerValue.regex)) {
      yield invalid(at, headerValue, "SetHeaderRoute match value invalid. ALB supports 'exact' value only");
    } else if (!alb) yield* matchErrors(headerValue, at);
  }
  yield* managedRouteErrors(route, path, canary);
}

function* mirrorRouteErrors(
  route: Static<typeof SetMirrorRoute>,
  path: string,
  canary: CanaryStrategy,
): Generator<FieldError> {
  const { istio, plugins } = canary.trafficRouting ?? {};
  if (!istio && !plugins) {
    yield invalid(path, route, 'SetMirrorRoute requires TrafficRouting, supports Istio and Plugins');
    return;
  }
  for (const [i, { method, path: requestPath, headers }] of (route.match ?? []).entries()) {
    for (const match of [method, requestPath, ...Object.values(headers ?? {})]) {
      if (match) yield* matchErrors(match, `${path}.match[${i}]`);
    }
  }
  yield* managedRouteErrors(route, path, canary);
}

function* matchErrors(match: StringMatch | undefined, path: string): Generator<FieldError> {
  const count = [match?.exact, match?.prefix, match?.regex].filter(Boolean).length;
  const kinds = 'exact, regex, prefix';
  if (count === 0) {
    yield invalid(
      path,
      match,
      `StringMatch value missed, match value must have one of the following: ${kinds}`,
    );
  } else if (count > 1) {
    yield invalid(path, match, `StringMatch match value must have exactly one of the following: ${kinds}`);
  }
}

function* managedRouteErrors(
  { name = '' }: { name?: string },
  path: string,
  { trafficRouting }: CanaryStrategy,
): Generator<FieldError> {
  const managed = trafficRouting?.managedRoutes;
  if (!managed) {
    const field = 'spec.strategy.canary.trafficRouting.managedRoutes';
    yield required('spec.strategy.trafficRouting.managedRoutes', `Rollout has missing field '${field}'`);
  } else if (!managed.some((route) => route.name === name)) {
    yield invalid(
      path,
      name,
      'Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes',
    );
  }
}

function* experimentErrors(
  experiment: Static<typeof RolloutExperimentStep>,
  path: string,
  { trafficRouting }: CanaryStrategy,
): Generator<FieldError> {
  for (const [i, { weight }] of experiment.templates.entries()) {
    if (weight === undefined) continue;
    const at = `${path}.experiment.templates[${i}].weight`;
    const { smi, alb, istio, plugins } = trafficRouting ?? {};
    if (!trafficRouting) {
      yield invalid(at, weight, 'Experiment template weight cannot be set unless TrafficRouting is enabled');
    } else if (!smi && !alb && !istio && !plugins) {
      yield invalid(
        at,
        weight,
        'Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time',
      );
    }
  }
}

function* argumentErrors(
  args: readonly RolloutAnalysisArg[] | undefined,
  path: string,
): Generator<FieldError> {
  for (const { valueFrom } of args ?? []) {
    const fieldPath = valueFrom?.fieldRef?.fieldPath;
    if (fieldPath === undefined || isSupportedMetadataPath(fieldPath)) continue;
    yield invalid(
      `${path}.analyses`,
      fieldPath,
      'Analyses arguments must refer to valid object metadata supported by downwardAPI',
    );
  }
}
