import type { Container, Volume, VolumeMount } from 'kubernetes-types/core/v1.d.ts';
import type { FieldError } from '../../errors.ts';
import { forbidden, invalid, notFound, oneOf, required } from '../checks.ts';
import { validateLocalPath } from './paths.ts';

/** What Kubernetes refuses of where containers find their volumes. @param volumes those that can be found, by name */
export function validateMounts(
  container: Container,
  field: string,
  volumes: ReadonlyMap<string, Volume>,
): FieldError[] {
  const { volumeMounts = [], volumeDevices = [] } = container;
  const devices = new Set(volumeDevices.map(({ name }) => name));
  const devicePaths = new Set(volumeDevices.map(({ devicePath }) => devicePath));
  const mounted = new Set(volumeMounts.map(({ name }) => name));
  const isPrivileged = container.securityContext?.privileged === true;
  const paths = new Set<string>();
  const errors = volumeMounts.flatMap((mount, i) => {
    const at = `${field}.volumeMounts[${i}]`;
    const { name, mountPath } = mount;
    const problems = nameErrors(name, at, volumes);
    if (!mountPath) problems.push(required(`${at}.mountPath`));
    if (paths.has(mountPath)) problems.push(invalid(`${at}.mountPath`, mountPath, 'must be unique'));
    paths.add(mountPath);
    if (devices.has(name))
      problems.push(invalid(`${at}.name`, name, 'must not already exist in volumeDevices'));
    if (devicePaths.has(mountPath)) {
      const detail = 'must not already exist as a path in volumeDevices';
      problems.push(invalid(`${at}.mountPath`, mountPath, detail));
    }
    return [...problems, ...validateMount(mount, at, `${field}.volumeMounts`, isPrivileged)];
  });
  return [...errors, ...validateDevices(volumeDevices, `${field}.volumeDevices`, volumes, mounted)];
}

function nameErrors(
  name: string | undefined,
  at: string,
  volumes: ReadonlyMap<string, Volume>,
): FieldError[] {
  const errors = name ? [] : [required(`${at}.name`)];
  if (!volumes.has(name ?? '')) errors.push(notFound(`${at}.name`, name ?? ''));
  return errors;
}

/** @param list what some messages name, without its index */
function validateMount(mount: VolumeMount, at: string, list: string, isPrivileged: boolean): FieldError[] {
  const { subPath, subPathExpr, mountPropagation: propagation, readOnly } = mount;
  const { recursiveReadOnly: recursive } = mount as { recursiveReadOnly?: string };
  const errors = subPath ? validateLocalPath(subPath, `${list}.subPath`) : [];
  if (subPathExpr) {
    if (subPath) {
      const detail = 'subPathExpr and subPath are mutually exclusive';
      errors.push(invalid(`${at}.subPathExpr`, subPathExpr, detail));
    }
    errors.push(...validateLocalPath(subPathExpr, `${list}.subPathExpr`));
  }
  errors.push(
    ...oneOf(`${list}.mountPropagation`, propagation, ['Bidirectional', 'HostToContainer', 'None']),
  );
  if (propagation === 'Bidirectional' && !isPrivileged) {
    const detail = 'Bidirectional mount propagation is available only to privileged containers';
    errors.push(forbidden(`${list}.mountPropagation`, detail));
  }
  const field = `${list}.recursiveReadOnly`;
  errors.push(...oneOf(field, recursive, ['Disabled', 'Enabled', 'IfPossible']));
  if (recursive !== 'Enabled' && recursive !== 'IfPossible') return errors;
  if (!readOnly) errors.push(forbidden(field, 'may only be specified when readOnly is true'));
  if (propagation && propagation !== 'None') {
    const detail = 'may only be specified when mountPropagation is None or not specified';
    errors.push(forbidden(field, detail));
  }
  return errors;
}

function validateDevices(
  devices: NonNullable<Container['volumeDevices']>,
  field: string,
  volumes: ReadonlyMap<string, Volume>,
  mounted: ReadonlySet<string>,
): FieldError[] {
  const names = new Set<string>();
  const paths = new Set<string>();
  return devices.flatMap(({ name, devicePath }, i) => {
    const at = `${field}[${i}]`;
    const errors = name ? [] : [required(`${at}.name`)];
    if (names.has(name)) errors.push(invalid(`${at}.name`, name, 'must be unique'));
    names.add(name);
    const volume = volumes.get(name ?? '');
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.push(invalid(`${at}.name`, name, detail));
    }
    if (!volume) errors.push(notFound(`${at}.name`, name ?? ''));
    if (!devicePath) errors.push(required(`${at}.devicePath`));
    else if (devicePath.split('/').includes('..')) {
      errors.push(invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"));
    }
    if (paths.has(devicePath)) errors.push(invalid(`${at}.devicePath`, devicePath, 'must be unique'));
    paths.add(devicePath);
    if (mounted.has(name)) errors.push(invalid(`${at}.name`, name, 'must not already exist in volumeMounts'));
    return errors;
  });
}
