import { isIP } from 'node:net';
import type { Container, PodSpec, ResourceRequirements } from 'kubernetes-types/core/v1.d.ts';
import type { FieldError } from '../../errors.ts';
import { qualifiedName } from '../../schema/names.ts';
import { check, invalid, oneOf, required } from '../checks.ts';
import { validateLocalPath } from './paths.ts';

/** What Kubernetes refuses of who containers run as, what confines them, and what they ask for. */

const HIGHEST_ID = 2_147_483_647;

function validateId(id: number | undefined, field: string): FieldError[] {
  if (id === undefined || (id >= 0 && id <= HIGHEST_ID)) return [];
  return [invalid(field, id, `must be between 0 and ${HIGHEST_ID}, inclusive`)];
}

type Context = NonNullable<Container['securityContext']> & {
  appArmorProfile?: { type?: string; localhostProfile?: string };
};

/** Users and groups of a container, and what confines it. */
export function validateContext({ securityContext }: Container, field: string): FieldError[] {
  const context = (securityContext ?? {}) as Context;
  const at = `${field}.securityContext`;
  return [
    ...validateId(context.runAsUser, `${at}.runAsUser`),
    ...validateId(context.runAsGroup, `${at}.runAsGroup`),
    ...oneOf(`${at}.procMount`, context.procMount, ['Default', 'Unmasked']),
    ...validateProfile(context.seccompProfile, `${at}.seccompProfile`, 'seccomp'),
    ...validateProfile(context.appArmorProfile, `${at}.appArmorProfile`, 'AppArmor'),
  ];
}

/** A profile is of a type, and in a file of the node or not. @param name what messages call the type */
function validateProfile(
  profile: { type?: string; localhostProfile?: string } | undefined,
  field: string,
  name: 'AppArmor' | 'seccomp',
): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile: file } = profile;
  const at = `${field}.localhostProfile`;
  if (!type) {
    const what = name === 'seccomp' ? 'seccompProfile' : 'appArmorProfile';
    return [required(`${field}.type`, `type is required when ${what} is set`)];
  }
  const errors = oneOf(`${field}.type`, type, ['Localhost', 'RuntimeDefault', 'Unconfined']);
  if (type === 'Localhost' && !file) {
    errors.push(required(at, `must be set when ${name} type is Localhost`));
  } else if (type === 'Localhost' && file && name === 'seccomp') {
    errors.push(...validateLocalPath(file, at));
  } else if (type !== 'Localhost' && file !== undefined) {
    const shown = name === 'seccomp' ? { Type: type, LocalhostProfile: file } : file;
    errors.push(invalid(at, shown, `can only be set when ${name} type is Localhost`));
  }
  return errors;
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
