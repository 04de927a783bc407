import type { Node, Pod, PodCondition, Taint, Toleration } from 'kubernetes-types/core/v1.d.ts';
import { type Decision, type Effect, formatTime, type Instant, Pods } from '../../../api/index.ts';
import { tolerationOf } from '../common/nodes.ts';
import { isFinished, isTerminating } from '../common/pods.ts';
import { podDeletion } from '../common/podwrites.ts';

export interface EvictionView {
  pod: Pod;
  /** Where it is; undefined: there is no such node. */
  node: Node | undefined;
  /** Since when its node is gone, or has taints that drive pods away. */
  since: Instant;
}

/** A node that is gone may come back for so long, as after its Node was deleted to be made anew. */
const QUARANTINE_MS = 40_000;

/** The taints of a node that drive pods away. */
export const evictingTaints = ({ spec }: Node): readonly Taint[] =>
  (spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');

/** Whether a pod's node drives it away, or is gone. A pod that has none yet stays where it is. */
export const isPressed = ({ spec }: Pod, node: Node | undefined): boolean =>
  Boolean(spec?.nodeName) && (node === undefined || evictingTaints(node).length > 0);

/** A pod leaves a node whose taints it does not bear (any longer), and does not outlive its node. */
export function decideEviction({ pod, node, since }: EvictionView, now: Instant): Decision<never> {
  if (!node) return collect(pod, since, now);
  const taints = evictingTaints(node);
  const at = since + toleranceMs(pod.spec?.tolerations ?? [], taints);
  const quiet = (code: string, text: string): Decision<never> => ({
    effects: [],
    events: [],
    because: [{ code, text }],
  });
  if (isTerminating(pod) || at === Number.POSITIVE_INFINITY) return quiet('Stays', 'nothing drives it away');
  if (now < at) return { ...quiet('Tolerates', `it bears its node until ${formatTime(at)}`), wakeAt: at };
  const { namespace, name } = pod.metadata ?? {};
  const message = `Marking for deletion Pod ${namespace}/${name}`;
  return {
    effects: [
      disruption(pod, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint', now),
      podDeletion(pod),
    ],
    events: [{ type: 'Normal', reason: 'TaintManagerEviction', message }],
    because: [{ code: 'Evicted', text: `it does not bear ${taints.map(({ key }) => key).join(', ')}` }],
  };
}

/** For how long tolerations bear taints together, in milliseconds; those without a limit count as for ever. */
function toleranceMs(tolerations: readonly Toleration[], taints: readonly Taint[]): number {
  const limits = taints.map((taint) => {
    const toleration = tolerationOf(tolerations, taint);
    return toleration ? (toleration.tolerationSeconds ?? Number.POSITIVE_INFINITY) : 0;
  });
  return Math.max(0, Math.min(...limits) * 1000);
}

/** A pod of a node that is gone has nobody who would end it: it has failed, and is removed at once. */
function collect(pod: Pod, since: Instant, now: Instant): Decision<never> {
  const at = since + QUARANTINE_MS;
  const because = [{ code: 'NodeGone', text: `there is no node ${pod.spec?.nodeName}` }];
  if (now < at) return { effects: [], events: [], because, wakeAt: at };
  const failed = disruption(pod, 'DeletionByPodGC', 'PodGC: node no longer exists', now, 'Failed');
  const removal = { ...podDeletion(pod), gracePeriodSeconds: 0 };
  return { effects: isFinished(pod) ? [removal] : [failed, removal], events: [], because };
}

/** Says on the pod that it did not end of its own; Jobs may count that differently. */
function disruption(pod: Pod, reason: string, message: string, now: Instant, phase?: string): Effect {
  const { namespace, name = '', uid, resourceVersion } = pod.metadata ?? {};
  const type = 'DisruptionTarget';
  const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== type);
  const condition: PodCondition = {
    type,
    status: 'True',
    reason,
    message,
    lastTransitionTime: formatTime(now),
  };
  return {
    kind: 'patch',
    what: `say of pod ${name} why it goes`,
    ref: { type: Pods, namespace, name },
    patch: { metadata: { uid }, status: { ...(phase && { phase }), conditions: [...others, condition] } },
    resourceVersion,
    subresource: 'status',
  };
}
