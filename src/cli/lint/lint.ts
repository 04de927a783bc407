import { validateMetrics } from '../../analysis/index.ts';
import type { AnalysisTemplate, Rollout } from '../../api/index.ts';
import { validateSchema } from '../../cluster/apiserver/schema/index.ts';
import { formatFieldError, referenceErrors, validateRolloutSpec } from '../../rollouts/index.ts';
import { CliError } from '../errors.ts';
import { ownTypeOf } from '../manifests/kinds.ts';
import type { ManifestDocument } from '../manifests/read.ts';
import { ownSchema, referencedSchema } from '../manifests/schemas.ts';
import { unknownFields } from '../manifests/unknown-fields.ts';
import { References } from './references.ts';

/** Something that is wrong with an object. */
interface Problem {
  /** The object, as `Rollout "checkout"`. */
  subject: string;
  /** With the path of the field. */
  text: string;
}

export interface LintResult {
  problems: Problem[];
  /** What is right, but not supported by this version. */
  warnings: string[];
}

/**
 * All that is wrong with the documents, in their order. Kinds that are neither ours nor referred to by ours are ignored.
 * @throws CliError for a document without a kind
 */
export function lintDocuments(documents: readonly ManifestDocument[]): LintResult {
  const references = new References(documents.map(({ object }) => object));
  const results = documents.map((document) => lintDocument(document, references));
  return {
    problems: results.flatMap(({ problems }) => problems),
    warnings: results.flatMap(({ warnings }) => warnings),
  };
}

function lintDocument(document: ManifestDocument, references: References): LintResult {
  const { object, file } = document;
  if (!object.kind) throw new CliError(`${file}: Object 'Kind' is missing in '${JSON.stringify(object)}'`);
  const subject = `${object.kind} ${JSON.stringify(object.metadata?.name ?? '')}`;
  const as = (texts: readonly string[]) => ({
    problems: texts.map((text) => ({ subject, text })),
    warnings: [],
  });
  const type = ownTypeOf(object);
  const schema = type ? ownSchema(object) : referencedSchema(object);
  if (!schema) return as([]);

  const unknown = unknownFields(document, schema);
  if (unknown.length > 0) return as(unknown.map(({ message, path }) => `${message} at ${path}`));
  if (!type) return as([]);
  const misfits = validateSchema(object, schema);
  if (misfits.length > 0) return as(misfits.map(describe));
  if (!('spec' in object)) return as(['spec: Required value']);
  if (type.kind === 'Rollout') {
    const { problems, warnings } = lintRollout(object as Rollout, references);
    return { ...as(problems), warnings: warnings.map((text) => `${subject}: ${text}`) };
  }
  return as(type.kind === 'Experiment' ? [] : lintMetrics(object as AnalysisTemplate));
}

/** What is not built yet is told apart: the Rollout is right for all that. */
const NOT_BUILT = 'not supported in this version';

function lintRollout(rollout: Rollout, references: References): { problems: string[]; warnings: string[] } {
  const found = [...validateRolloutSpec(rollout), ...referenceErrors(references.viewOf(rollout))];
  const isNotBuilt = ({ detail }: { detail: string }) => detail.includes(NOT_BUILT);
  return {
    problems: found.filter((error) => !isNotBuilt(error)).map(formatFieldError),
    warnings: found.filter(isNotBuilt).map(formatFieldError),
  };
}

/** Metrics that still have placeholders are only known when they run. */
function lintMetrics({ spec }: AnalysisTemplate): string[] {
  const metrics = spec.metrics ?? [];
  const known = metrics.filter((metric) => !JSON.stringify(metric).includes('{{'));
  const problem = known.length > 0 ? validateMetrics(known) : undefined;
  return problem === undefined ? [] : [`spec.${problem}`];
}

/** As Kubernetes writes it: `<field>: Invalid value: "x": <detail>`. */
function describe({ type, field, value, detail }: ReturnType<typeof validateSchema>[number]): string {
  if (type === 'FieldValueRequired') return `${field}: Required value${detail ? `: ${detail}` : ''}`;
  return `${field}: Invalid value: ${JSON.stringify(value) ?? 'null'}: ${detail}`;
}
