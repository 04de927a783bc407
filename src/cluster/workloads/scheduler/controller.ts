import type { Binding, Node, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.d.ts';
import {
  equal,
  Namespaces,
  Nodes,
  PersistentVolumeClaims,
  PersistentVolumes,
  Pods,
  StorageClasses,
} from '../../../api/index.ts';
import { keyOf } from '../../../kube/index.ts';
import { claimsOf } from '../common/claims.ts';
import type { Context, Controller } from '../common/context.ts';
import { isFinished } from '../common/pods.ts';
import { startReconciler } from '../common/reconciler.ts';
import { decideScheduling, type SchedulingView, waitsForNode } from './decide.ts';

const BY_NODE = 'node';
/** Index value of pods that have no node; no node has this name. */
const NONE = '';

export function startScheduler(context: Context): Controller {
  const { informers } = context;
  const nodes = informers.informer(Nodes);
  const pods = informers.informer(Pods);
  const namespaces = informers.informer(Namespaces);
  const claims = informers.informer(PersistentVolumeClaims);
  const volumes = informers.informer(PersistentVolumes);
  const classes = informers.informer(StorageClasses);
  pods.addIndex(BY_NODE, (pod) => (isFinished(pod) ? [] : [pod.spec?.nodeName ?? NONE]));
  const storage: SchedulingView['storage'] = {
    claim: (namespace, name) => claims.get(namespace, name),
    volume: (name) => volumes.get(undefined, name),
    storageClass: (name) => classes.get(undefined, name),
  };
  /** Pods that have been given to a node, which the cache does not show yet: by uid. */
  const assumed = new Map<string, { pod: Pod; node: string }>();

  function podsOn(node: string): readonly Pod[] {
    const there = pods.by(BY_NODE, node);
    const coming = Array.from(assumed.values()).filter((each) => each.node === node);
    return coming.length === 0 ? there : [...there, ...coming.map(({ pod }) => pod)];
  }

  const reconciler = startReconciler<Pod, SchedulingView>({
    context,
    component: 'default-scheduler',
    type: Pods,
    reads: [Nodes, Namespaces, PersistentVolumeClaims, PersistentVolumes, StorageClasses],
    observe(pod) {
      // Back again without a node: what was assumed has not come true.
      assumed.delete(pod.metadata?.uid ?? '');
      if (!waitsForNode(pod)) return undefined;
      const namespaceLabels = (name: string) => namespaces.get(undefined, name)?.metadata?.labels;
      return { pod, nodes: nodes.list(), podsOn, namespaceLabels, storage };
    },
    decide(view, now) {
      const decision = decideScheduling(view, now);
      const bound = decision.effects.find((effect) => effect.kind === 'create');
      if (bound) {
        const node = (bound.object as Binding).target.name ?? '';
        assumed.set(view.pod.metadata?.uid ?? '', { pod: view.pod, node });
      }
      return decision;
    },
  });

  const podChanged = (pod: Pod) => {
    if (waitsForNode(pod)) reconciler.enqueue(keyOf(pod));
  };
  /** Something has changed that a pod may have waited for. */
  const enqueueWaiting = () => {
    for (const pod of pods.by(BY_NODE, NONE)) podChanged(pod);
  };
  const claimChanged = ({ metadata }: PersistentVolumeClaim) => {
    for (const pod of pods.by(BY_NODE, NONE)) {
      const uses =
        pod.metadata?.namespace === metadata?.namespace && claimsOf(pod).includes(metadata?.name ?? '');
      if (uses) podChanged(pod);
    }
  };
  const subscriptions = [
    nodes.subscribe({
      added: enqueueWaiting,
      updated: (old, node) => {
        if (!equal(whatCounts(old), whatCounts(node))) enqueueWaiting();
      },
      deleted: enqueueWaiting,
    }),
    claims.subscribe({ added: claimChanged, updated: (_old, claim) => claimChanged(claim) }),
    pods.subscribe({
      added: podChanged,
      updated(old, pod) {
        if (pod.spec?.nodeName) assumed.delete(pod.metadata?.uid ?? '');
        const hasLeft = isFinished(pod) && !isFinished(old);
        const moved = !equal(old.metadata?.labels, pod.metadata?.labels);
        if (pod.spec?.nodeName && (hasLeft || moved)) enqueueWaiting();
        podChanged(pod);
      },
      deleted(pod) {
        assumed.delete(pod.metadata?.uid ?? '');
        if (pod.spec?.nodeName) enqueueWaiting();
      },
    }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

/** A node tells its state every few seconds; most of it does not matter here. */
function whatCounts({ metadata, spec, status }: Node) {
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready')?.status;
  const { taints, unschedulable } = spec ?? {};
  return { labels: metadata?.labels, taints, unschedulable, ready, allocatable: status?.allocatable };
}
