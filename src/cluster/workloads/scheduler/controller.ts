import type { Binding, Node, PersistentVolumeClaim, Pod, PodSpec } from 'kubernetes-types/core/v1.d.ts';
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
import { isExclusive } from './neighbours.ts';

const BY_NODE = 'node';
const EXCLUSIVE = 'exclusive';
/** The only value of that index. */
const ANYWHERE = '';
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
  pods.addIndex(EXCLUSIVE, (pod) =>
    isExclusive(pod) && pod.spec?.nodeName && !isFinished(pod) ? [ANYWHERE] : [],
  );
  /** Pods as they are when they have got their node, which the cache does not show yet: by uid. */
  const assumed = new Map<string, Pod>();

  function withAssumed(there: readonly Pod[], counts: (pod: Pod) => boolean): readonly Pod[] {
    if (assumed.size === 0) return there;
    return [...there, ...Array.from(assumed.values()).filter(counts)];
  }
  const surroundings = {
    podsOn: (node: string) => withAssumed(pods.by(BY_NODE, node), (pod) => pod.spec?.nodeName === node),
    exclusivePods: () => withAssumed(pods.by(EXCLUSIVE, ANYWHERE), isExclusive),
    namespaceLabels: (name: string) => namespaces.get(undefined, name)?.metadata?.labels,
  };

  const reconciler = startReconciler<Pod, SchedulingView>({
    context,
    component: 'default-scheduler',
    type: Pods,
    reads: [Nodes, Namespaces, PersistentVolumeClaims, PersistentVolumes, StorageClasses],
    observe(pod) {
      // Back again without a node: what was assumed has not come true.
      assumed.delete(pod.metadata?.uid ?? '');
      if (!waitsForNode(pod)) return undefined;
      return { pod, nodes: nodes.list(), ...surroundings, storage };
    },
    decide(view, now) {
      const decision = decideScheduling(view, now);
      const bound = decision.effects.find((effect) => effect.kind === 'create');
      if (bound) {
        const { pod } = view;
        const nodeName = (bound.object as Binding).target.name ?? '';
        const spec: PodSpec = { containers: [], ...pod.spec, nodeName };
        assumed.set(pod.metadata?.uid ?? '', { ...pod, spec });
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
