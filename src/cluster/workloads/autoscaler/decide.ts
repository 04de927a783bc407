import type { Scale } from 'kubernetes-types/autoscaling/v1.d.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerStatus,
  MetricSpec,
  MetricStatus,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import {
  type Decision,
  type Effect,
  formatTime,
  type Instant,
  type ResourceType,
} from '../../../api/index.ts';
import { normalize, toleranceOf } from './behavior.ts';
import { Draft } from './draft.ts';
import { type History, withChange, withRecommendation } from './history.ts';
import { proposalOf, UNKNOWN_STATUS } from './proposals.ts';
import type { MetricsAnswer } from './readings.ts';

export interface AutoscalerView {
  autoscaler: HorizontalPodAutoscaler;
  target: ScaleTarget;
  /** The pods that the target's selector finds; a problem when it cannot be read. */
  pods: { pods: readonly Pod[] } | { problem: string };
  /** `namespace/name` of all autoscalers whose targets have one of these pods. */
  selectedBy: readonly string[];
  metrics: MetricsAnswer;
  history: History;
}

export type ScaleTarget =
  | { type: ResourceType; scale: Scale }
  /** It does not exist, or has no scale. */
  | { problem: string };

export interface AutoscalerDecision extends Decision<HorizontalPodAutoscalerStatus> {
  /** To be remembered, whatever becomes of the effects. */
  history: History;
  /** The change that the effects make; to be remembered too once they are done. */
  rescale?: Rescale;
}

interface Rescale {
  from: number;
  to: number;
  reason: string;
}

/** How large the target of an autoscaler is to be. Wakes up are the caller's: at regular times. */
export function decideAutoscaler(view: AutoscalerView, now: Instant): AutoscalerDecision {
  const { autoscaler, target } = view;
  const draft = new Draft(autoscaler, now);
  if ('problem' in target) {
    const message = `the HPA controller was unable to get the target's current scale: ${target.problem}`;
    draft.warn('FailedGetScale', target.problem);
    draft.set('AbleToScale', 'False', 'FailedGetScale', message);
    return done(draft, draft.status(), view.history, 'FailedGetScale', message);
  }
  draft.set(
    'AbleToScale',
    'True',
    'SucceededGetScale',
    "the HPA controller was able to get the target's current scale",
  );
  const { minReplicas = 1, maxReplicas = 0 } = autoscaler.spec ?? {};
  const current = target.scale.spec?.replicas ?? 0;
  const history =
    view.history.recommendations.length > 0 ? view.history : withRecommendation(view.history, current, now);

  if (current === 0 && minReplicas !== 0) {
    const message = 'scaling is disabled since the replica count of the target is zero';
    draft.set('ScalingActive', 'False', 'ScalingDisabled', message);
    const status = draft.status({ currentReplicas: 0, desiredReplicas: 0, currentMetrics: undefined });
    return done(draft, status, history, 'ScalingDisabled', message);
  }
  if (current > maxReplicas) {
    const reason = 'Current number of replicas above Spec.MaxReplicas';
    return rescale(view, draft, history, { from: current, to: maxReplicas, reason }, undefined, now);
  }
  if (current < minReplicas) {
    const reason = 'Current number of replicas below Spec.MinReplicas';
    return rescale(view, draft, history, { from: current, to: minReplicas, reason }, undefined, now);
  }
  return byMetrics(view, draft, history, current, now);
}

function byMetrics(
  view: AutoscalerView,
  draft: Draft,
  history: History,
  current: number,
  now: Instant,
): AutoscalerDecision {
  const { minReplicas: min = 1, maxReplicas: max = 0, behavior } = view.autoscaler.spec ?? {};
  const computed = compute(view, draft, current, now);
  const currentMetrics = computed.statuses.length > 0 ? computed.statuses : undefined;
  if (computed.desired === undefined) {
    draft.warn('FailedComputeMetricsReplicas', computed.problem);
    const status = draft.status({ currentReplicas: current, currentMetrics });
    return done(draft, status, history, 'FailedComputeMetricsReplicas', computed.problem);
  }
  const { desired, metric } = computed;
  const next = normalize({ current, desired, min, max }, behavior, history, now);
  draft.set('AbleToScale', 'True', next.able.reason, next.able.message);
  draft.set('ScalingLimited', next.limited.status, next.limited.reason, next.limited.message);
  const remembered = withRecommendation(history, desired, now);
  if (next.replicas === current) {
    const status = draft.status({ currentReplicas: current, desiredReplicas: current, currentMetrics });
    return done(
      draft,
      status,
      remembered,
      next.able.reason,
      `${desired} replicas asked for, ${current} there`,
    );
  }
  const reason = desired > current ? `${metric} above target` : 'All metrics below target';
  const change = { from: current, to: next.replicas, reason };
  return rescale(view, draft, remembered, change, currentMetrics, now);
}

type Computed =
  | { desired: number; metric: string; statuses: MetricStatus[] }
  | { desired: undefined; problem: string; statuses: MetricStatus[] };

/** The largest size that a metric asks for. Metrics without a value keep it from shrinking, not from growing. */
function compute(view: AutoscalerView, draft: Draft, current: number, now: Instant): Computed {
  const selected = selectedPods(view, draft);
  if ('problem' in selected) return { desired: undefined, statuses: [], ...selected };
  const specs: readonly MetricSpec[] = view.autoscaler.spec?.metrics ?? [];
  const namespace = view.autoscaler.metadata?.namespace ?? '';
  const metricView = {
    namespace,
    metrics: view.metrics,
    pods: selected.pods,
    tolerance: toleranceOf(view.autoscaler.spec?.behavior),
    currentReplicas: current,
    now,
  };
  const results = specs.map((spec) => proposalOf(spec, metricView));
  const failures = results.filter((result) => result.kind === 'failed');
  for (const { reason, problem } of failures) draft.warn(reason, problem);
  const statuses = results.map((result) => (result.kind === 'proposed' ? result.status : UNKNOWN_STATUS));
  const largest = results
    .filter((result) => result.kind === 'proposed')
    .reduce<{ replicas: number; name: string } | undefined>(
      (best, result) => (best === undefined || result.replicas > best.replicas ? result : best),
      undefined,
    );
  const [first] = failures;
  if (largest === undefined || (first && largest.replicas < current)) {
    const message = `the HPA was unable to compute the replica count: ${first?.problem}`;
    draft.set('ScalingActive', 'False', first?.reason ?? '', message);
    const problem = `invalid metrics (${failures.length} invalid out of ${specs.length}), first error is: ${first?.summary}`;
    return { desired: undefined, problem, statuses };
  }
  const message = `the HPA was able to successfully calculate a replica count from ${largest.name}`;
  draft.set('ScalingActive', 'True', 'ValidMetricFound', message);
  return { desired: largest.replicas, metric: largest.name, statuses };
}

/** The target's pods, when they are its alone. */
function selectedPods(
  { pods, target, selectedBy }: AutoscalerView,
  draft: Draft,
): { pods: readonly Pod[] } | { problem: string } {
  const selector = 'scale' in target ? (target.scale.status?.selector ?? '') : '';
  if (selector === '') {
    const problem = 'selector is required';
    draft.warn('SelectorRequired', problem);
    const message = "the HPA target's scale is missing a selector";
    draft.set('ScalingActive', 'False', 'InvalidSelector', message);
    return { problem };
  }
  if ('problem' in pods) {
    const problem = `couldn't convert selector into a corresponding internal selector object: ${pods.problem}`;
    draft.warn('InvalidSelector', problem);
    draft.set('ScalingActive', 'False', 'InvalidSelector', problem);
    return { problem };
  }
  if (selectedBy.length > 1) {
    const list = [...selectedBy].sort().join(' ');
    const problem = `pods by selector ${selector} are controlled by multiple HPAs: [${list}]`;
    draft.warn('AmbiguousSelector', problem);
    draft.set('ScalingActive', 'False', 'AmbiguousSelector', problem);
    return { problem };
  }
  return pods;
}

function rescale(
  view: AutoscalerView,
  draft: Draft,
  history: History,
  change: Rescale,
  currentMetrics: MetricStatus[] | undefined,
  now: Instant,
): AutoscalerDecision {
  const { from, to, reason } = change;
  const message = `the HPA controller was able to update the target scale to ${to}`;
  draft.set('AbleToScale', 'True', 'SucceededRescale', message);
  draft.tell('SuccessfulRescale', `New size: ${to}; reason: ${reason}`);
  const status = draft.status({
    currentReplicas: from,
    desiredReplicas: to,
    currentMetrics,
    lastScaleTime: formatTime(now),
  });
  const decision = done(draft, status, history, 'SucceededRescale', `from ${from} to ${to}: ${reason}`);
  return { ...decision, effects: [scaleEffect(view, change)], rescale: change };
}

function scaleEffect({ target, autoscaler }: AutoscalerView, { from, to }: Rescale): Effect {
  if ('problem' in target) throw new Error('a target without a scale is not scaled');
  const { name = '', resourceVersion } = target.scale.metadata ?? {};
  return {
    kind: 'patch',
    what: `scale ${target.type.kind} ${name} from ${from} to ${to}`,
    ref: { type: target.type, namespace: autoscaler.metadata?.namespace, name },
    patch: { spec: { replicas: to } },
    resourceVersion,
    subresource: 'scale',
  };
}

/** What is said when the size of the target could not be changed. */
export function decideFailedRescale(view: AutoscalerView, problem: string, now: Instant): AutoscalerDecision {
  const intended = decideAutoscaler(view, now);
  const { to, reason } = intended.rescale ?? { to: 0, reason: '' };
  const { currentReplicas, currentMetrics, conditions } = intended.status ?? {};
  const draft = new Draft({ ...view.autoscaler, status: { ...statusOf(view), conditions } }, now);
  draft.events.push(...intended.events.filter((event) => event.reason !== 'SuccessfulRescale'));
  draft.warn('FailedRescale', `New size: ${to}; reason: ${reason}; error: ${problem}`);
  const message = `the HPA controller was unable to update the target scale: ${problem}`;
  draft.set('AbleToScale', 'False', 'FailedUpdateScale', message);
  const status = draft.status({ currentReplicas, currentMetrics });
  return done(draft, status, intended.history, 'FailedUpdateScale', message);
}

const statusOf = ({ autoscaler }: AutoscalerView) => autoscaler.status ?? { desiredReplicas: 0 };

/** The history after a change has been made; without a `behavior` nobody asks for it. */
export function remember(
  { autoscaler }: AutoscalerView,
  { history, rescale }: AutoscalerDecision,
  now: Instant,
) {
  return rescale && autoscaler.spec?.behavior ? withChange(history, rescale.to - rescale.from, now) : history;
}

function done(
  draft: Draft,
  status: HorizontalPodAutoscalerStatus,
  history: History,
  code: string,
  text: string,
): AutoscalerDecision {
  return { status, effects: [], events: draft.events, because: [{ code, text }], history };
}
