import type { Schema } from '../../api/kubernetes/index.ts';
import { prune } from '../../cluster/apiserver/schema/index.ts';
import { CliError } from '../errors.ts';
import type { ManifestDocument } from './read.ts';

/**
 * A field that the schema of its object does not have. The message is that of Go's strict decoders, which users' scripts
 * know; it names the field alone, so the path is told beside it.
 */
export class UnknownFieldError extends CliError {
  override name = 'UnknownFieldError';
  /** E.g. `spec.strategy.canary.steps[0].setWieght`. */
  readonly path: string;

  constructor(path: string, { format }: Pick<ManifestDocument, 'format'>) {
    const field = path.split('.').at(-1)?.replace(/\[.*$/, '') ?? path;
    const decoding = format === 'yaml' ? 'error unmarshaling JSON: while decoding JSON: ' : '';
    super(`${decoding}json: unknown field ${JSON.stringify(field)}`);
    this.path = path;
  }
}

/** One error for each field that the schema does not have. */
export function unknownFields(document: ManifestDocument, schema: Schema): UnknownFieldError[] {
  return prune(document.object, schema).unknown.map((path) => new UnknownFieldError(path, document));
}
