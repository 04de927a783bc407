import { isIP } from 'node:net';
import type { Container, PodSpec, ResourceRequirements } from 'kubernetes-types/core/v1.d.ts';
import type { FieldError } from '../../errors.ts';
import { qualifiedName } from '../../schema/names.ts';
import { check, forbidden, invalid, required } from '../checks.ts';

/** What Kubernetes refuses of who containers run as, what they do at start and end, and what they ask for. */

const HIGHEST_ID = 2_147_483_647;

function validateId(id: number | undefined, field: string): FieldError[] {
  if (id === undefined || (id >= 0 && id <= HIGHEST_ID)) return [];
  return [invalid(field, id, `must be between 0 and ${HIGHEST_ID}, inclusive`)];
}

/** Users and groups of a container, and its hooks. */
export function validateContext(container: Container, field: string): FieldError[] {
  const { securityContext, lifecycle } = container;
  return [
    ...validateId(securityContext?.runAsUser, `${field}.securityContext.runAsUser`),
    ...validateId(securityContext?.runAsGroup, `${field}.securityContext.runAsGroup`),
    ...validateHook(lifecycle?.postStart, `${field}.lifecycle.postStart`),
    ...validateHook(lifecycle?.preStop, `${field}.lifecycle.preStop`),
  ];
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'sleep'];

function validateHook(hook: object | undefined, field: string): FieldError[] {
  if (!hook) return [];
  const handlers = HANDLERS.filter((name) => name in hook);
  if (handlers.length === 0) return [required(field, 'must specify a handler type')];
  return handlers
    .slice(1)
    .map((name) => forbidden(`${field}.${name}`, 'may not specify more than 1 handler type'));
}

/** Users and groups of a whole pod, and its own names for hosts. */
export function validatePodContext({ securityContext, hostAliases }: PodSpec, field: string): FieldError[] {
  const at = `${field}.securityContext`;
  return [
    ...validateId(securityContext?.runAsUser, `${at}.runAsUser`),
    ...validateId(securityContext?.runAsGroup, `${at}.runAsGroup`),
    ...validateId(securityContext?.fsGroup, `${at}.fsGroup`),
    ...(securityContext?.supplementalGroups ?? []).flatMap((id, i) =>
      validateId(id, `${at}.supplementalGroups[${i}]`),
    ),
    ...(hostAliases ?? []).flatMap(({ ip = '' }, i) =>
      isIP(ip) > 0
        ? []
        : [
            invalid(
              `${field}.hostAliases[${i}].ip`,
              ip,
              'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
            ),
          ],
    ),
  ];
}

const OF_CONTAINERS = ['cpu', 'memory', 'ephemeral-storage'];
const STANDARD = new Set([
  ...OF_CONTAINERS,
  ...OF_CONTAINERS.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  ...['storage', 'requests.storage', 'pods', 'resourcequotas', 'services', 'replicationcontrollers'],
  ...['secrets', 'configmaps', 'persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers'],
]);

/** Names without a domain are Kubernetes' own. */
export function validateResourceNames(
  resources: ResourceRequirements | undefined,
  field: string,
): FieldError[] {
  return (['limits', 'requests'] as const).flatMap((kind) =>
    Object.keys(resources?.[kind] ?? {}).flatMap((name) => {
      const at = `${field}.resources.${kind}[${name}]`;
      const errors = check(at, name, qualifiedName);
      if (name.includes('/') || name.startsWith('hugepages-')) return errors;
      if (!STANDARD.has(name)) {
        errors.push(invalid(at, name, 'must be a standard resource type or fully qualified'));
      }
      if (!OF_CONTAINERS.includes(name)) {
        errors.push(invalid(at, name, 'must be a standard resource for containers'));
      }
      return errors;
    }),
  );
}
