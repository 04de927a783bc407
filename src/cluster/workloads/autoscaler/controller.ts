import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.d.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import { equal, HorizontalPodAutoscalers, matchesSelector, Pods } from '../../../api/index.ts';
import { keyOf } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { startReconciler } from '../common/reconciler.ts';
import type { Discovery } from '../discovery/discovery.ts';
import { type AutoscalerView, decideAutoscaler, decideFailedRescale, remember } from './decide.ts';
import { type History, NO_HISTORY } from './history.ts';
import { readMetrics } from './podmetrics.ts';
import { parseSelector, SelectorError } from './selector.ts';
import { findTarget } from './target.ts';

/** Looks at every autoscaler each `syncPeriodMs`, and at once when it is made or its spec changes. */
export function startAutoscalerController(
  context: Context,
  discovery: Discovery,
  syncPeriodMs: number,
): Controller {
  const { client, informers } = context;
  const autoscalers = informers.informer(HorizontalPodAutoscalers);
  const pods = informers.informer(Pods);
  const histories = new Map<string, History>();
  /** What is remembered instead once the present decision has been carried out. */
  const onceDone = new Map<string, History>();
  /** What each autoscaler's target selects, as far as it has been looked at. */
  const selectors = new Map<string, LabelSelector>();

  function podsOf(key: string, namespace: string | undefined, text: string): AutoscalerView['pods'] {
    selectors.delete(key);
    try {
      const selector = parseSelector(text);
      selectors.set(key, selector);
      const selected = pods.list(namespace).filter((pod) => matchesSelector(selector, pod.metadata?.labels));
      return { pods: selected };
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      return { problem: error.message };
    }
  }

  async function observe(autoscaler: HorizontalPodAutoscaler, key: string): Promise<AutoscalerView> {
    const { namespace } = autoscaler.metadata ?? {};
    const target = await findTarget(autoscaler, client, discovery);
    const selector = 'scale' in target ? (target.scale.status?.selector ?? '') : '';
    const view = { autoscaler, target, history: histories.get(key) ?? NO_HISTORY };
    if (selector === '') return { ...view, pods: { pods: [] }, selectedBy: [], metrics: { items: [] } };
    const metrics = await readMetrics(client, namespace, selector);
    const selected = podsOf(key, namespace, selector);
    const labels = ('pods' in selected ? selected.pods : []).map((pod) => pod.metadata?.labels);
    const selectedBy = [...selectors]
      .filter(([other]) => other.startsWith(`${namespace}/`))
      .filter(([, theirs]) => labels.some((each) => matchesSelector(theirs, each)))
      .map(([other]) => other);
    return { ...view, pods: selected, selectedBy, metrics };
  }

  const reconciler = startReconciler<HorizontalPodAutoscaler, AutoscalerView>({
    context,
    component: 'horizontal-pod-autoscaler',
    type: HorizontalPodAutoscalers,
    reads: [Pods],
    observe,
    decide(view, now) {
      const key = keyOf(view.autoscaler);
      const decision = decideAutoscaler(view, now);
      histories.set(key, decision.history);
      onceDone.set(key, remember(view, decision, now));
      return { ...decision, wakeAt: now + syncPeriodMs };
    },
    carriedOut(key) {
      const history = onceDone.get(key);
      if (history) histories.set(key, history);
    },
    decideFailure(view, error, now) {
      const problem = error.cause instanceof Error ? error.cause.message : error.message;
      return decideFailedRescale(view, problem, now);
    },
    gone(key) {
      for (const memory of [histories, onceDone, selectors]) memory.delete(key);
    },
  });

  const enqueue = (autoscaler: HorizontalPodAutoscaler) => reconciler.enqueue(keyOf(autoscaler));
  const unsubscribe = autoscalers.subscribe({
    added: enqueue,
    updated(old, next) {
      if (!equal(old.spec, next.spec)) enqueue(next);
    },
    deleted: enqueue,
  });
  return {
    async stop() {
      unsubscribe();
      await reconciler.stop();
    },
  };
}
