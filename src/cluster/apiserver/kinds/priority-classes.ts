import type { PriorityClass } from 'kubernetes-types/scheduling/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { forbidden, immutable, oneOf } from './checks.ts';
import { age, column } from './columns.ts';
import { builtin } from './define.ts';

export const priorityClasses = builtin({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  package: 'io.k8s.api.scheduling.v1',
  shortNames: ['pc'],
  namespaced: false,
  generation: [],
  allColumns: [
    column<PriorityClass>('Value', 'The priority.', ({ value }) => value, { type: 'integer' }),
    column<PriorityClass>(
      'Global-Default',
      'Whether pods without a class get it.',
      ({ globalDefault }) => Boolean(globalDefault),
      { type: 'boolean' },
    ),
    age,
    column<PriorityClass>(
      'PreemptionPolicy',
      'Whether its pods may push others away.',
      ({ preemptionPolicy }) => preemptionPolicy ?? 'PreemptLowerPriority',
    ),
  ],
  defaults(object) {
    const { preemptionPolicy = 'PreemptLowerPriority' } = object as PriorityClass;
    return { ...object, preemptionPolicy } as KubeObject;
  },
  validate: (object) => validateClass(object as PriorityClass),
  validateUpdate(next, old) {
    const [after, before] = [next as PriorityClass, old as PriorityClass];
    return [
      ...(after.value === before.value ? [] : [forbidden('value', 'may not be changed in an update.')]),
      ...immutable('preemptionPolicy', after.preemptionPolicy, before.preemptionPolicy),
    ];
  },
});

/** The classes that every cluster has. */
export const SYSTEM_CLASSES: readonly PriorityClass[] = [
  {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
  {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
];
const SYSTEM_PREFIX = 'system-';
const HIGHEST = 1_000_000_000;

function validateClass({ metadata, value, globalDefault, preemptionPolicy }: PriorityClass): FieldError[] {
  const name = metadata?.name ?? '';
  const errors: FieldError[] = [];
  if (name.startsWith(SYSTEM_PREFIX)) {
    const known = SYSTEM_CLASSES.find((each) => each.metadata?.name === name);
    const problem =
      (!known && `${name} is not a known system priority class`) ||
      (known?.value !== value && `value of ${name} PriorityClass must be ${known?.value}`) ||
      (globalDefault && `globalDefault of ${name} PriorityClass must be false`);
    if (problem) {
      const text = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${problem}`;
      errors.push(forbidden('metadata.name', text));
    }
  } else if (value > HIGHEST) {
    errors.push(forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST}`));
  }
  return [...errors, ...oneOf('preemptionPolicy', preemptionPolicy, ['PreemptLowerPriority', 'Never'])];
}
