import type { KeyToPath, Volume } from 'kubernetes-types/core/v1.d.ts';
import type { FieldError } from '../../errors.ts';
import { dnsLabel } from '../../schema/names.ts';
import { check, duplicate, forbidden, invalid, oneOf, required } from '../checks.ts';

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

/** What Kubernetes refuses of a pod's volumes: their names, and where they come from. */
export function validateVolumes(volumes: readonly Volume[], field: string): FieldError[] {
  const names = new Set<string>();
  return volumes.flatMap((volume, i) => {
    const at = `${field}[${i}]`;
    const errors = volume.name ? check(`${at}.name`, volume.name, dnsLabel) : [required(`${at}.name`)];
    if (names.has(volume.name)) errors.push(duplicate(`${at}.name`, volume.name));
    names.add(volume.name);
    return [...errors, ...validateSource(volume, at)];
  });
}

function validateSource({ name: _name, ...sources }: Volume, field: string): FieldError[] {
  const [first, ...more] = Object.keys(sources).sort(bySourceOrder);
  const errors = more.map((extra) =>
    forbidden(`${field}.${extra}`, 'may not specify more than 1 volume type'),
  );
  const { hostPath, secret, configMap, persistentVolumeClaim: claim } = sources;
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

const backsteps = (path: string, field: string) =>
  path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : [];

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
      else if (path.startsWith('/')) errors.push(invalid(`${at}.path`, path, 'must be a relative path'));
      else errors.push(...backsteps(path, `${at}.path`));
      return [...errors, ...validateMode(mode, `${at}.mode`)];
    }),
  ];
}

function validateMode(mode: number | undefined, field: string): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= MAX_MODE)) return [];
  return [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}
