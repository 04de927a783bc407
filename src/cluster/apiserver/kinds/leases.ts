import type { Lease } from 'kubernetes-types/coordination/v1.d.ts';
import { invalid, positive } from './checks.ts';
import { column } from './columns.ts';
import { builtin } from './define.ts';

export const leases = builtin({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  package: 'io.k8s.api.coordination.v1',
  columns: [column<Lease>('Holder', 'Who holds the lease.', ({ spec }) => spec?.holderIdentity ?? '')],
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  validate(object) {
    const { spec } = object as Lease;
    const transitions = spec?.leaseTransitions;
    return [
      ...positive('spec.leaseDurationSeconds', spec?.leaseDurationSeconds),
      ...(transitions !== undefined && transitions < 0
        ? [invalid('spec.leaseTransitions', transitions, 'must to greater or equal than 0')]
        : []),
    ];
  },
});
