import type { RuntimeClass } from 'kubernetes-types/node/v1.d.ts';
import { validateLabels } from '../schema/metadata.ts';
import { dnsLabel } from '../schema/names.ts';
import { check, immutable } from './checks.ts';
import { column } from './columns.ts';
import { builtin } from './define.ts';

export const runtimeClasses = builtin({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  package: 'io.k8s.api.node.v1',
  namespaced: false,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  columns: [column<RuntimeClass>('Handler', 'The runtime of its pods.', ({ handler }) => handler ?? '')],
  validate(object) {
    const { handler = '', scheduling } = object as RuntimeClass;
    return [
      ...check('handler', handler, dnsLabel),
      ...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'),
    ];
  },
  validateUpdate: (next, old) =>
    immutable('handler', (next as RuntimeClass).handler, (old as RuntimeClass).handler),
});
