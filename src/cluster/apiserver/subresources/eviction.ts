import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Eviction, PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts';
import { formatTime, matchesSelector } from '../../../api/index.ts';
import { decodeBody } from '../http/body.ts';
import type { ApiContext, SubresourceHandler } from '../http/context.ts';
import { locate, type ObjectTarget } from '../rest/core.ts';
import { deleteObject, parseDeleteOptions } from '../rest/delete.ts';
import { internalError, notFound, StatusError } from '../status.ts';
import { CREATED } from './binding.ts';
import { checkName, ownKind } from './own-kind.ts';

const BUDGETS = 'policy/poddisruptionbudgets';
const RETRY_SECONDS = 10;

/** POST `pods/<name>/eviction`: a deletion that heeds disruption budgets. */
export const podEviction: SubresourceHandler = {
  group: '',
  plural: 'pods',
  subresource: 'eviction',
  kind: { group: 'policy', version: 'v1', kind: 'Eviction' },
  methods: { POST: 'create' },
  async handle(context, exchange, target) {
    const body = decodeBody(await exchange.body(), exchange.header('content-type'), 'Eviction');
    const eviction = ownKind<Eviction>(body, podEviction.kind, ['policy/v1', 'policy/v1beta1']);
    checkName(eviction, target.name, 'Eviction');
    const { deleteOptions = {} } = eviction;
    const dryRun = deleteOptions.dryRun?.length ? deleteOptions.dryRun : exchange.query.getAll('dryRun');
    const options = parseDeleteOptions({ ...deleteOptions, dryRun }, exchange.query);
    await evictPod(context, target, options);
    exchange.sendValue(201, CREATED);
  },
};

async function evictPod(
  context: ApiContext,
  target: ObjectTarget,
  options: ReturnType<typeof parseDeleteOptions>,
): Promise<void> {
  const { resource, key } = locate(context, target);
  const entry = context.store.latest(resource, key);
  if (!entry) throw notFound(target.kind, target.name);
  const pod = entry.object as Pod;
  if (!isFree(pod)) {
    const spent = await spendBudget(context, target, pod, options.dryRun);
    if (spent === 'unready') {
      // Its readiness may come back meanwhile; then it counts again.
      options.preconditions ??= { resourceVersion: pod.metadata?.resourceVersion ?? '' };
    }
    if (!options.dryRun && !options.preconditions?.resourceVersion) await markDisrupted(context, target);
  }
  await deleteObject(context, target, options);
}

/** Says on the pod why it goes: a Job's failure policy, among others, wants to know. */
async function markDisrupted(context: ApiContext, target: ObjectTarget): Promise<void> {
  const { resource, key } = locate(context, target);
  const pod = context.store.latest(resource, key)?.object as Pod | undefined;
  if (!pod) return;
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime: formatTime(context.clock()),
  };
  const status = { ...pod.status, conditions: [...others, condition] };
  await context.store.put(resource, key, { ...pod, status } as Pod);
}

/** Pods that no budget protects: finished ones, and those that are leaving or not started. */
function isFree({ metadata, status }: Pod): boolean {
  return (
    metadata?.deletionTimestamp !== undefined ||
    status?.phase === 'Succeeded' ||
    status?.phase === 'Failed' ||
    status?.phase === 'Pending'
  );
}

const isReady = ({ status }: Pod) =>
  status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

async function spendBudget(
  { store, clock }: ApiContext,
  { namespace, name }: ObjectTarget,
  pod: Pod,
  dryRun: boolean,
): Promise<'none' | 'spent' | 'unready'> {
  const budgets = store.resource(BUDGETS);
  const matching = budgets
    .list(namespace)
    .map(({ key }) => store.latest(budgets, key))
    .filter((entry) => entry !== undefined)
    .filter(({ object }) =>
      matchesSelector((object as PodDisruptionBudget).spec?.selector, pod.metadata?.labels),
    );
  if (matching.length > 1) {
    throw internalError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  const [entry] = matching;
  if (!entry) return 'none';
  const budget = entry.object as PodDisruptionBudget;
  const status = budget.status;
  if (!isReady(pod) && mayEvictUnready(budget)) return 'unready';
  const budgetName = budget.metadata?.name;
  if ((status?.observedGeneration ?? 0) < (budget.metadata?.generation ?? 1)) {
    throw refused(
      `The disruption budget ${budgetName} is still being processed by the server.`,
      RETRY_SECONDS,
    );
  }
  if (!status || status.disruptionsAllowed <= 0) {
    throw refused(
      `The disruption budget ${budgetName} needs ${status?.desiredHealthy ?? 0} healthy pods and has ` +
        `${status?.currentHealthy ?? 0} currently`,
    );
  }
  if (dryRun) return 'spent';
  const disruptedPods = { ...status.disruptedPods, [name]: formatTime(clock()) };
  await store.put(budgets, entry.key, {
    ...budget,
    status: { ...status, disruptionsAllowed: status.disruptionsAllowed - 1, disruptedPods },
  } as PodDisruptionBudget);
  return 'spent';
}

function mayEvictUnready({ spec, status }: PodDisruptionBudget): boolean {
  const policy = (spec as { unhealthyPodEvictionPolicy?: string }).unhealthyPodEvictionPolicy;
  if (policy === 'AlwaysAllow') return true;
  return status !== undefined && status.currentHealthy >= status.desiredHealthy && status.desiredHealthy > 0;
}

function refused(message: string, retryAfterSeconds?: number): StatusError {
  return new StatusError(
    429,
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      causes: [{ reason: 'DisruptionBudget', message }],
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    },
  );
}
