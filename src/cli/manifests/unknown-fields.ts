import { crds, type KubeObject } from '../../api/index.ts';
import { prune } from '../../cluster/apiserver/schema/index.ts';
import { CliError } from '../errors.ts';
import type { ManifestDocument } from './read.ts';

/** Fields that an object of ours has and its schema has not, as paths such as `spec.strategy.canary.setps`. */
export function unknownFields(object: KubeObject): string[] {
  const schema = crds().find(({ spec }) => spec.names.kind === object.kind)?.spec.versions[0]?.schema
    ?.openAPIV3Schema;
  return schema ? prune(structuredClone(object), schema as Parameters<typeof prune>[1]).unknown : [];
}

/** A field that no schema knows; told in the words of Go's strict decoders, and where it is. */
export class UnknownFieldError extends CliError {
  override name = 'UnknownFieldError';
  readonly path: string;

  constructor(path: string, { format }: Pick<ManifestDocument, 'format'>) {
    const field = path.split('.').at(-1)?.replace(/\[.*$/, '') ?? path;
    const decoding = format === 'yaml' ? 'error unmarshaling JSON: while decoding JSON: ' : '';
    super(`${decoding}json: unknown field ${JSON.stringify(field)}`);
    this.path = path;
  }
}

/** @throws UnknownFieldError for the first unknown field; where it is goes to `tell` */
export function refuseUnknownFields(document: ManifestDocument): void {
  const [path] = unknownFields(document.object);
  if (path !== undefined) throw new UnknownFieldError(path, document);
}
