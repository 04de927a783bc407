import type { FlowSchema, PriorityLevelConfiguration } from 'kubernetes-types/flowcontrol/v1.d.ts';
import { formatTime, type KubeObject } from '../../../api/index.ts';
import { AUTHENTICATED, MASTERS, UNAUTHENTICATED } from '../access/users.ts';
import { type Core, locate, type ObjectTarget } from '../rest/core.ts';
import { modifyObject } from '../rest/update.ts';
import { installMissing, OWN_WRITE } from './install.ts';

const GROUP = 'flowcontrol.apiserver.k8s.io';
const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'true' };

/** The priority levels that every cluster has. */
const levels: PriorityLevelConfiguration[] = [
  {
    metadata: { name: 'exempt', annotations },
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  {
    metadata: { name: 'catch-all', annotations },
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
    },
  },
];

/** The flow schemas that every cluster has: administrators never wait, and nobody is without a level. */
const schemas: FlowSchema[] = [
  schema('exempt', 1, [MASTERS]),
  schema('catch-all', 10_000, [UNAUTHENTICATED, AUTHENTICATED], { type: 'ByUser' }),
];

function schema(
  name: string,
  matchingPrecedence: number,
  groups: readonly string[],
  distinguisherMethod?: { type: string },
): FlowSchema {
  const every = ['*'];
  return {
    metadata: { name, annotations },
    spec: {
      matchingPrecedence,
      priorityLevelConfiguration: { name },
      ...(distinguisherMethod && { distinguisherMethod }),
      rules: [
        {
          subjects: groups.map((group) => ({ kind: 'Group', group: { name: group } })),
          resourceRules: [
            { verbs: every, apiGroups: every, resources: every, namespaces: every, clusterScope: true },
          ],
          nonResourceRules: [{ verbs: every, nonResourceURLs: every }],
        },
      ],
    },
  };
}

/** Makes the mandatory flow schemas and priority levels that are missing. */
export async function installFlowControl(core: Core): Promise<void> {
  await Promise.all([
    ...levels.map((level) =>
      installMissing(core, [GROUP, 'v1', 'prioritylevelconfigurations'], level as KubeObject),
    ),
    ...schemas.map(async (each) => {
      await installMissing(core, [GROUP, 'v1', 'flowschemas'], each as KubeObject);
      await markFound(core, each.metadata?.name ?? '');
    }),
  ]);
}

/** Says that the priority level of a schema is there. */
async function markFound(core: Core, name: string): Promise<void> {
  const kind = core.registry.find(GROUP, 'v1', 'flowschemas');
  if (!kind) return;
  const target: ObjectTarget = { kind, name, subresource: 'status' };
  const { resource, key } = locate(core, target);
  if ((core.store.latest(resource, key)?.object as FlowSchema | undefined)?.status?.conditions) return;
  const condition = {
    type: 'Dangling',
    status: 'False',
    lastTransitionTime: formatTime(core.clock()),
    reason: 'Found',
    message: `This FlowSchema references the PriorityLevelConfiguration object named "${name}" and it exists`,
  };
  const next = (live: KubeObject) => ({ ...live, status: { conditions: [condition] } }) as KubeObject;
  await modifyObject(core, target, { options: OWN_WRITE, next });
}
