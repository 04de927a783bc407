import type { Binding, Pod, PodCondition } from 'kubernetes-types/core/v1.d.ts';
import { formatTime } from '../../../api/index.ts';
import { decodeBody } from '../http/body.ts';
import type { ApiContext, SubresourceHandler } from '../http/context.ts';
import { locate, type ObjectTarget } from '../rest/core.ts';
import { conflict, notFound, type Status, StatusError } from '../status.ts';
import { checkName, ownKind } from './own-kind.ts';

export const CREATED: Status = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
};

/** POST `pods/<name>/binding`: what a scheduler does. */
export const podBinding: SubresourceHandler = {
  group: '',
  plural: 'pods',
  subresource: 'binding',
  kind: { group: '', version: 'v1', kind: 'Binding' },
  methods: { POST: 'create' },
  async handle(context, exchange, target) {
    const body = decodeBody(await exchange.body(), exchange.header('content-type'), 'Binding');
    const binding = ownKind<Binding>(body, podBinding.kind, ['v1']);
    checkName(binding, target.name, 'Binding');
    await bindPod(context, target, binding);
    exchange.sendValue(201, CREATED);
  },
};

/** Assigns a pod to a node. @throws StatusError 404 or 409, 422 without a node */
async function bindPod(context: ApiContext, target: ObjectTarget, binding: Binding): Promise<void> {
  const { store, clock } = context;
  const { resource, key } = locate(context, target);
  const entry = store.latest(resource, key);
  if (!entry) throw notFound(target.kind, target.name);
  const pod = entry.object as Pod;
  const named = { ...target.kind, plural: 'pods/binding' };
  const refuse = (problem: string) => conflict(named, target.name, problem);
  const node = binding?.target?.name;
  if (!node || (binding.target.kind && binding.target.kind !== 'Node')) {
    throw new StatusError(
      422,
      'Invalid',
      `Binding "${target.name}" is invalid: target.name: Required value`,
      {
        name: target.name,
        kind: 'Binding',
        causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'target.name' }],
      },
    );
  }
  if (pod.metadata?.deletionTimestamp) {
    throw refuse(`pod ${target.name} is being deleted, cannot be assigned to a host`);
  }
  if (pod.spec?.nodeName) {
    throw refuse(`pod ${target.name} is already assigned to node "${pod.spec.nodeName}"`);
  }
  const { labels, annotations } = binding.metadata ?? {};
  const bound: Pod = {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(labels && { labels: { ...pod.metadata?.labels, ...labels } }),
      ...(annotations && { annotations: { ...pod.metadata?.annotations, ...annotations } }),
    },
    spec: { ...pod.spec!, nodeName: node },
    status: { ...pod.status, conditions: scheduled(pod.status?.conditions ?? [], formatTime(clock())) },
  };
  await store.put(resource, key, bound);
}

/** The conditions with PodScheduled true, in its old place when there is one. */
function scheduled(conditions: readonly PodCondition[], now: string): PodCondition[] {
  const next = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null as never,
    lastTransitionTime: now,
  };
  const known = conditions.find(({ type }) => type === next.type);
  if (known?.status === next.status) return [...conditions];
  return known
    ? conditions.map((condition) => (condition.type === next.type ? next : condition))
    : [...conditions, next];
}
