import type { Container, PodSpec, ResourceRequirements } from 'kubernetes-types/core/v1.d.ts';
import type { FieldError } from '../../errors.ts';
import { qualifiedName } from '../../schema/names.ts';
import { check, duplicate, invalid, oneOf, required } from '../checks.ts';
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

type PodContext = NonNullable<PodSpec['securityContext']> &
  Pick<Context, 'appArmorProfile'> & { supplementalGroupsPolicy?: string };

const SHARED = 'ShareProcessNamespace and HostPID cannot both be enabled';
const SYSCTL_MAX = 253;
const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;

function validateSysctls(sysctls: readonly { name?: string }[], field: string): FieldError[] {
  const names = sysctls.map(({ name }) => name ?? '');
  return names.flatMap((name, i) => {
    const at = `${field}[${i}].name`;
    const errors: FieldError[] = [];
    if (!name) errors.push(required(at));
    else if (name.length > SYSCTL_MAX || !SYSCTL.test(name)) {
      const pattern = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
      errors.push(invalid(at, name, `must have at most ${SYSCTL_MAX} characters and match regex ${pattern}`));
    }
    if (names.indexOf(name) < i) errors.push(duplicate(at, name));
    return errors;
  });
}

/** Users and groups of a whole pod, and what confines it. */
export function validatePodContext(spec: PodSpec, field: string): FieldError[] {
  const { securityContext, shareProcessNamespace, hostPID } = spec;
  const context = (securityContext ?? {}) as PodContext;
  const at = `${field}.securityContext`;
  return [
    ...validateId(securityContext?.runAsUser, `${at}.runAsUser`),
    ...validateId(securityContext?.runAsGroup, `${at}.runAsGroup`),
    ...validateId(securityContext?.fsGroup, `${at}.fsGroup`),
    ...(securityContext?.supplementalGroups ?? []).flatMap((id, i) =>
      validateId(id, `${at}.supplementalGroups[${i}]`),
    ),
    ...oneOf(`${at}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
    ...oneOf(`${at}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ['Merge', 'Strict']),
    ...validateProfile(context.seccompProfile, `${at}.seccompProfile`, 'seccomp'),
    ...validateProfile(context.appArmorProfile, `${at}.appArmorProfile`, 'AppArmor'),
    ...validateSysctls(context.sysctls ?? [], `${at}.sysctls`),
    ...(shareProcessNamespace && hostPID ? [invalid(`${at}.shareProcessNamespace`, true, SHARED)] : []),
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
