import type { DownwardAPIVolumeFile, KeyToPath, Volume } from 'kubernetes-types/core/v1.d.ts';
import type { FieldError } from '../../errors.ts';
import { validateLabels } from '../../schema/metadata.ts';
import { dnsLabel, dnsSubdomain } from '../../schema/names.ts';
import { check, duplicate, forbidden, invalid, oneOf, required } from '../checks.ts';
import { validateClaim } from '../volumes.ts';
import { FILE_FIELDS, validateFieldRef, validateResourceRef } from './environment.ts';
import { backsteps, validateFilePath } from './paths.ts';

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
const MAX_MODE = 0o777;

/** What Kubernetes refuses of a pod's volumes: their names, and where they come from; and those that can be mounted. */
export function validateVolumes(
  volumes: readonly Volume[],
  field: string,
): { errors: FieldError[]; found: ReadonlyMap<string, Volume> } {
  const names = new Set<string>();
  const found = new Map<string, Volume>();
  const errors = volumes.flatMap((volume, i) => {
    const at = `${field}[${i}]`;
    const problems = validateSource(volume, at);
    if (!volume.name) problems.push(required(`${at}.name`));
    else problems.push(...check(`${at}.name`, volume.name, dnsLabel));
    if (names.has(volume.name)) problems.push(duplicate(`${at}.name`, volume.name));
    if (volume.name) names.add(volume.name);
    if (problems.length === 0) found.set(volume.name, volume);
    return problems;
  });
  return { errors, found };
}

function validateSource({ name: _name, ...sources }: Volume, field: string): FieldError[] {
  const [first, ...more] = Object.keys(sources).sort(bySourceOrder);
  const errors = more.map((extra) =>
    forbidden(`${field}.${extra}`, 'may not specify more than 1 volume type'),
  );
  const {
    hostPath,
    secret,
    configMap,
    persistentVolumeClaim: claim,
    downwardAPI,
    projected,
    nfs,
    csi,
  } = sources;
  const at = `${field}.${first}`;
  if (first === 'hostPath' && hostPath) errors.push(...validateHostPath(hostPath, at));
  if (first === 'secret' && secret) {
    if (!secret.secretName) errors.push(required(`${at}.secretName`));
    errors.push(...validateFiles(secret, at));
  }
  if (first === 'configMap' && configMap) {
    if (!configMap.name) errors.push(required(`${at}.name`));
    errors.push(...validateFiles(configMap, at));
  }
  if (first === 'persistentVolumeClaim' && !claim?.claimName) errors.push(required(`${at}.claimName`));
  if (first === 'downwardAPI' && downwardAPI) {
    errors.push(...validateMode(downwardAPI.defaultMode, `${at}.defaultMode`));
    errors.push(...(downwardAPI.items ?? []).flatMap((item) => validateDownward(item, at)));
  }
  if (first === 'projected' && projected) errors.push(...validateProjected(projected, at));
  if (first === 'nfs' && nfs) errors.push(...validateNfs(nfs, at));
  if (first === 'csi' && csi) errors.push(...validateCsi(csi, at));
  if (first === 'ephemeral') errors.push(...validateEphemeral(sources.ephemeral, at));
  return errors;
}

/** The first of several is the one that counts: an emptyDir before a hostPath, those before all others. */
function bySourceOrder(a: string, b: string): number {
  const order = ['emptyDir', 'hostPath', 'secret', 'persistentVolumeClaim', 'downwardAPI', 'configMap'];
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return rank(a) - rank(b);
}

function validateHostPath({ path, type }: NonNullable<Volume['hostPath']>, field: string): FieldError[] {
  const errors = path ? backsteps(path, `${field}.path`) : [required(`${field}.path`)];
  return [...errors, ...oneOf(`${field}.type`, type, HOST_PATH_TYPES)];
}

function validateFiles(
  { defaultMode, items = [] }: { defaultMode?: number; items?: KeyToPath[] },
  field: string,
): FieldError[] {
  return [
    ...validateMode(defaultMode, `${field}.defaultMode`),
    ...items.flatMap(({ key, path, mode }, i) => {
      const at = `${field}.items[${i}]`;
      const errors = key ? [] : [required(`${at}.key`)];
      if (!path) errors.push(required(`${at}.path`));
      else errors.push(...validateFilePath(path, `${at}.path`));
      return [...errors, ...validateMode(mode, `${at}.mode`)];
    }),
  ];
}

function validateMode(mode: number | undefined, field: string): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= MAX_MODE)) return [];
  return [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

/** A file of the downward API. Its messages name the volume and not its place. */
function validateDownward(item: DownwardAPIVolumeFile, field: string): FieldError[] {
  const { path, fieldRef, resourceFieldRef, mode } = item;
  const errors = path ? validateFilePath(path, `${field}.path`) : [required(`${field}.path`)];
  if (fieldRef) {
    errors.push(...validateFieldRef(fieldRef, `${field}.fieldRef`, FILE_FIELDS));
    if (resourceFieldRef) {
      const detail = 'fieldRef and resourceFieldRef can not be specified simultaneously';
      errors.push(invalid(field, 'resource', detail));
    }
  } else if (resourceFieldRef) {
    errors.push(...validateResourceRef(resourceFieldRef, `${field}.resourceFieldRef`, true));
  } else errors.push(required(field, 'one of fieldRef and resourceFieldRef is required'));
  return [...errors, ...validateMode(mode, `${field}.mode`)];
}

const TOKEN_SECONDS = { least: 600, most: 2 ** 32 };

function validateProjected(
  { sources = [], defaultMode }: Partial<NonNullable<Volume['projected']>>,
  field: string,
): FieldError[] {
  const errors = validateMode(defaultMode, `${field}.defaultMode`);
  for (const [i, source] of sources.entries()) {
    const at = `${field}.sources[${i}]`;
    const { secret, configMap, downwardAPI, serviceAccountToken: token } = source;
    for (const [kind, files] of Object.entries({ secret, configMap })) {
      if (!files) continue;
      if (!files.name) errors.push(required(`${at}.${kind}.name`));
      errors.push(...validateFiles(files, `${at}.${kind}`));
    }
    for (const item of downwardAPI?.items ?? []) errors.push(...validateDownward(item, `${at}.downwardAPI`));
    if (token) {
      const { expirationSeconds: seconds = TOKEN_SECONDS.least, path } = token;
      const expiry = `${at}.serviceAccountToken.expirationSeconds`;
      if (seconds < TOKEN_SECONDS.least) {
        errors.push(invalid(expiry, seconds, 'may not specify a duration less than 10 minutes'));
      } else if (seconds > TOKEN_SECONDS.most) {
        errors.push(invalid(expiry, seconds, 'may not specify a duration larger than 2^32 seconds'));
      }
      errors.push(...(path ? validateFilePath(path, `${field}.path`) : [required(`${field}.path`)]));
    }
    if (Object.keys(source).length > 1) {
      errors.push(forbidden(at, 'may not specify more than 1 volume type per source'));
    }
  }
  return errors;
}

function validateNfs({ server, path }: NonNullable<Volume['nfs']>, field: string): FieldError[] {
  return [
    ...(server ? [] : [required(`${field}.server`)]),
    ...(path ? [] : [required(`${field}.path`)]),
    ...(path?.startsWith('/') ? [] : [invalid(`${field}.path`, path ?? '', 'must be an absolute path')]),
  ];
}

const DRIVER_MAX = 63;

function validateCsi({ driver, nodePublishSecretRef: secret }: NonNullable<Volume['csi']>, field: string) {
  const at = `${field}.driver`;
  const errors: FieldError[] = driver ? [] : [required(at)];
  if (driver?.length > DRIVER_MAX) {
    errors.push({
      type: 'FieldValueTooLong',
      field: at,
      value: driver,
      detail: `may not be more than ${DRIVER_MAX} bytes`,
    });
  }
  errors.push(
    ...check(at, (driver ?? '').toLowerCase(), dnsSubdomain).map((e) => ({ ...e, value: driver ?? '' })),
  );
  if (secret) {
    if (!secret.name) errors.push(required(`${field}.nodePublishSecretRef.name`));
    else errors.push(...check(`${field}.name`, secret.name, dnsSubdomain));
  }
  return errors;
}

/** A claim that is made for the pod, and is named after it. */
function validateEphemeral(source: Volume['ephemeral'], field: string): FieldError[] {
  const template = source?.volumeClaimTemplate;
  const at = `${field}.volumeClaimTemplate`;
  if (!template) return [required(at)];
  const { labels, annotations: _annotations, ...more } = template.metadata ?? {};
  return [
    ...validateLabels(labels, `${at}.metadata.labels`),
    ...Object.keys(more).map((name) => forbidden(`${at}.metadata.${name}`, 'cannot be set')),
    ...validateClaim(template.spec, `${at}.spec`),
  ];
}
