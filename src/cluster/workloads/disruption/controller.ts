import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts';
import { matchesSelector, PodDisruptionBudgets, Pods } from '../../../api/index.ts';
import { keyOf } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { startReconciler } from '../common/reconciler.ts';
import type { Discovery } from '../discovery/discovery.ts';
import { type DisruptionView, decideDisruption, dependsOnScale } from './decide.ts';
import { expectedScale, type Sizeable, sizeableTypes } from './scale.ts';

export function startDisruptionController(context: Context, discovery: Discovery): Controller {
  const { client, informers } = context;
  const budgets = informers.informer(PodDisruptionBudgets);
  const pods = informers.informer(Pods);

  const reconciler = startReconciler<PodDisruptionBudget, DisruptionView>({
    context,
    component: 'controllermanager',
    type: PodDisruptionBudgets,
    reads: [Pods, ...sizeableTypes],
    async observe(budget) {
      const { metadata, spec } = budget;
      const selected = pods
        .list(metadata?.namespace)
        .filter((pod) => matchesSelector(spec?.selector, pod.metadata?.labels));
      const scale = dependsOnScale(budget)
        ? await expectedScale(selected, informers.reader, client, discovery)
        : ({ kind: 'known', replicas: 0, isPartial: false } as const);
      return { budget, pods: selected, scale };
    },
    decide: decideDisruption,
  });

  const enqueue = (budget: PodDisruptionBudget) => reconciler.enqueue(keyOf(budget));
  function podChanged(pod: Pod): void {
    for (const budget of budgets.list(pod.metadata?.namespace)) {
      if (matchesSelector(budget.spec?.selector, pod.metadata?.labels)) enqueue(budget);
    }
  }
  function scaled(old: Sizeable, next: Sizeable): void {
    if (old.spec?.replicas === next.spec?.replicas) return;
    for (const budget of budgets.list(next.metadata?.namespace)) {
      if (dependsOnScale(budget)) enqueue(budget);
    }
  }

  const subscriptions = [
    budgets.subscribe({ added: enqueue, updated: (_old, budget) => enqueue(budget) }),
    pods.subscribe({
      added: podChanged,
      updated(old, pod) {
        podChanged(old);
        podChanged(pod);
      },
      deleted: podChanged,
    }),
    ...sizeableTypes.map((type) => informers.informer(type).subscribe({ updated: scaled })),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}
