import type { PriorityClass } from 'kubernetes-types/scheduling/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import { immutable } from './checks.ts';
import { column } from './columns.ts';
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
  columns: [
    column<PriorityClass>('Value', 'The priority.', ({ value }) => value),
    column<PriorityClass>('Global-Default', 'Whether pods without a class get it.', ({ globalDefault }) =>
      Boolean(globalDefault),
    ),
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
  validateUpdate: (next, old) =>
    immutable('value', (next as PriorityClass).value, (old as PriorityClass).value),
});
