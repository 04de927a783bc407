/** Where Kubernetes puts its own groups; the highest first. Groups of custom resources are last. */
export const GROUP_PRIORITIES: Readonly<Record<string, number>> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700,
  'admissionregistration.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
};

export const OTHER_GROUPS_PRIORITY = 1000;

/** What describes all other groups comes before them. */
const FIRST = 'apiregistration.k8s.io';

/** Groups in the order in which discovery names them, in which clients look for what a short name means. */
export function byPriority(a: { name: string }, b: { name: string }): number {
  return priorityOf(b.name) - priorityOf(a.name) || (a.name < b.name ? -1 : 1);
}

function priorityOf(group: string): number {
  if (group === FIRST) return Number.MAX_SAFE_INTEGER;
  return Object.hasOwn(GROUP_PRIORITIES, group) ? GROUP_PRIORITIES[group]! : OTHER_GROUPS_PRIORITY;
}
