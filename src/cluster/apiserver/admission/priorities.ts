import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { PriorityClass } from 'kubernetes-types/scheduling/v1.d.ts';
import type { ObjectTarget } from '../rest/core.ts';
import { forbidden } from '../status.ts';
import type { Store } from '../store/index.ts';

/** A new pod with the priority of its class, or of the default class. @throws StatusError 403 */
export function resolvePriority(store: Store, { kind, name }: ObjectTarget, pod: Pod): Pod {
  const { spec } = pod;
  if (!spec) return pod;
  const given = spec.priorityClassName;
  const classes = priorityClasses(store);
  const found = given
    ? classes.find(({ metadata }) => metadata?.name === given)
    : classes.filter(({ globalDefault }) => globalDefault).sort((a, b) => a.value - b.value)[0];
  const value = found?.value ?? (given ? undefined : 0);
  if (value === undefined) throw forbidden(kind, name, `no PriorityClass with name ${given} was found`);
  if (spec.priority !== undefined && spec.priority !== value) {
    const message = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
    throw forbidden(kind, name, message);
  }
  const preemptionPolicy = found?.preemptionPolicy ?? 'PreemptLowerPriority';
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    const message = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`;
    throw forbidden(kind, name, message);
  }
  const priorityClassName = given || found?.metadata?.name;
  return {
    ...pod,
    spec: { ...spec, priority: value, preemptionPolicy, ...(priorityClassName && { priorityClassName }) },
  };
}

function priorityClasses(store: Store): PriorityClass[] {
  const resource = store.resource('scheduling.k8s.io/priorityclasses');
  return resource
    .list()
    .flatMap(({ key }) => store.latest(resource, key) ?? [])
    .map(({ object }) => object as PriorityClass);
}

/** There is one default class. @throws StatusError 403 */
export function refuseSecondDefault(store: Store, { kind, name }: ObjectTarget, wanted: PriorityClass): void {
  if (!wanted.globalDefault) return;
  const other = priorityClasses(store).find(
    ({ globalDefault, metadata }) => globalDefault && metadata?.name !== name,
  );
  if (!other) return;
  const message = `PriorityClass ${other.metadata?.name} is already marked as default. Only one default can exist`;
  throw forbidden(kind, name, message);
}
