import type { KubeObject } from '../../api/index.ts';

/** A `fieldRef` that leads nowhere (ANA §2.3). */
export class FieldPathError extends Error {
  override name = 'FieldPathError';
}

const subscripted = /^metadata\.(labels|annotations)\['([^']*)'\]$/;

/** Whether a path into `metadata` is one that the downward API knows (ANA-018). Other paths are not judged. */
export function isSupportedMetadataPath(fieldPath: string): boolean {
  return (
    !fieldPath.startsWith('metadata') ||
    /^metadata\.(name|namespace|uid|labels|annotations)$/.test(fieldPath) ||
    subscripted.test(fieldPath)
  );
}

/**
 * The text at a path of an object: for `metadata…` what the downward API gives, for anything else the primitive value
 * at that path. Integers are written plainly.
 * @throws FieldPathError
 */
export function readFieldPath(object: KubeObject, fieldPath: string): string {
  return fieldPath.startsWith('metadata') ? readMetadata(object, fieldPath) : readPath(object, fieldPath);
}

function readMetadata({ metadata = {} }: KubeObject, fieldPath: string): string {
  const [, map, key] = subscripted.exec(fieldPath) ?? [];
  if (key !== undefined) {
    const values = map === 'labels' ? metadata.labels : metadata.annotations;
    return (values && Object.hasOwn(values, key) ? values[key] : undefined) ?? '';
  }
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(metadata.labels);
    case 'metadata.annotations':
      return formatMap(metadata.annotations);
    default:
      throw new FieldPathError(
        `unsupported fieldPath: ${fieldPath}; supported: metadata.name, metadata.namespace, metadata.uid, ` +
          "metadata.labels, metadata.annotations, metadata.labels['<key>'], metadata.annotations['<key>']",
      );
  }
}

function formatMap(map: Record<string, string> = {}): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}

function readPath(object: KubeObject, fieldPath: string): string {
  let value: unknown = object;
  for (const part of fieldPath.split(/[.[\]]/).filter((text) => text !== '')) {
    if (Array.isArray(value)) {
      if (!/^[+-]?\d+$/.test(part)) throw new FieldPathError(`invalid index '${part}'`);
      const index = Number(part);
      if (index < 0 || index >= value.length) throw new FieldPathError(`index ${index} out of range`);
      value = value[index];
    } else if (typeof value === 'object' && value !== null && Object.hasOwn(value, part)) {
      value = (value as Record<string, unknown>)[part];
    } else {
      throw new FieldPathError(`invalid path ${fieldPath} in rollout`);
    }
    if (value === undefined || value === null) {
      throw new FieldPathError(`invalid path ${fieldPath} in rollout`);
    }
  }
  if (typeof value === 'object') {
    throw new FieldPathError(`path ${fieldPath} in rollout must terminate in a primitive value`);
  }
  return String(value);
}
