import type { Node, Pod } from 'kubernetes-types/core/v1.d.ts';
import { isNodeReady, isRepelled, NOT_READY, selectsNode, UNSCHEDULABLE } from '../common/nodes.ts';
import { areWithin, type ClaimsOfPod } from './claims.ts';
import { neighbourObstacle, type Surroundings } from './neighbours.ts';
import { portsTaken, shortages } from './resources.ts';

/** Why a pod cannot run on a node. */
export interface Obstacles {
  reasons: string[];
  /** It could, if pods that are there were gone. */
  isCrowded: boolean;
}

/** The first of the scheduler's filters that a node fails, in its order and words; undefined: the node will do. */
export function obstaclesOf(
  pod: Pod,
  node: Node,
  around: Surroundings,
  { volumes }: ClaimsOfPod,
): Obstacles | undefined {
  const never = (reason: string): Obstacles => ({ reasons: [reason], isCrowded: false });
  const crowded = (...reasons: string[]): Obstacles => ({ reasons, isCrowded: true });
  const { tolerations = [] } = pod.spec ?? {};
  if (node.spec?.unschedulable && isRepelled(tolerations, UNSCHEDULABLE)) {
    return never('node(s) were unschedulable');
  }
  const taints = [...(node.spec?.taints ?? []), ...(isNodeReady(node) ? [] : [NOT_READY])];
  const taint = taints.find((each) => isRepelled(tolerations, each));
  if (taint) return never(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
  if (!selectsNode(pod.spec, node)) return never("node(s) didn't match Pod's node affinity/selector");
  const others = around.podsOn(node.metadata?.name ?? '');
  if (portsTaken(pod, others)) return crowded("node(s) didn't have free ports for the requested pod ports");
  const lacking = shortages(pod, node, others);
  if (lacking.length > 0) {
    // Pods that leave do not help a pod that wants more than the whole node.
    const tooBig = shortages(pod, node, []).length > 0;
    return { reasons: lacking, isCrowded: !tooBig };
  }
  if (!areWithin(volumes, node)) return never('node(s) had volume node affinity conflict');
  const obstacle = neighbourObstacle(pod, node, around);
  return obstacle === undefined ? undefined : crowded(obstacle);
}
