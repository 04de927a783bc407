import { Command, Option } from 'commander';
import { Experiments, type KubeObject, type ResourceType, Rollouts } from '../../api/index.ts';
import type { Run } from '../context.ts';
import { type Context, type ExitCode, printLine } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import { choiceOption, listOption } from '../flags.ts';
import { withExamples } from '../help.ts';
import { groupOf, ownTypeOf } from '../manifests/kinds.ts';
import { type ManifestDocument, readManifests } from '../manifests/read.ts';
import { ownSchema } from '../manifests/schemas.ts';
import { unknownFields } from '../manifests/unknown-fields.ts';
import type { ColourFlags } from '../view/colour.ts';
import { createAnalysisRunCommand } from './create-analysisrun.ts';
import { getExperiment, getRollout } from './get-watch.ts';

export interface CreateOptions extends ColourFlags {
  filename?: string[];
  watch?: boolean;
}

export function createCommand(run: Run): Command {
  return withExamples(
    new Command('create')
      .description(
        'Create Rollouts, Experiments, AnalysisTemplates, ClusterAnalysisTemplates and AnalysisRuns from files.',
      )
      .addOption(
        listOption(
          '-f, --filename <file>',
          'file with one or more objects, or - for standard input; may be given several times',
        ),
      )
      .option('-w, --watch', 'watch the Rollout or Experiment after it is created')
      .addOption(
        choiceOption('--color <when>', 'colours: auto, always or never', ['auto', 'always', 'never']),
      )
      .addOption(new Option('--no-color', 'no colours'))
      .action((options: CreateOptions) => run((context) => create(options, context)))
      .addCommand(createAnalysisRunCommand(run)),
    { what: 'Create an experiment and watch it', line: '{cmd} create -f my-experiment.yaml -w' },
    { what: 'Create what another program writes', line: 'helm template chart | {cmd} create -f -' },
  );
}

/** CLI-040 to CLI-043. All files are read and checked before the first object is created. */
export async function create(options: CreateOptions, context: Context): Promise<ExitCode> {
  const files = options.filename ?? [];
  if (files.length === 0) throw new UsageError('required flag(s) "filename" not set');
  if (files.length > 1 && options.watch) throw new CliError('Cannot watch multiple resources');
  const documents = (await Promise.all(files.map((file) => readManifests(file, context)))).flat();
  if (documents.length === 0) throw new CliError(`no objects in ${files.join(', ')}`);
  if (documents.length > 1 && options.watch) throw new CliError('Cannot watch multiple resources');
  const planned = documents.map((document) => ({ document, type: typeOf(document, context) }));

  const { client, ...where } = await context.cluster();
  const placed = planned.map(({ document, type }) => ({ type, object: place(document, type, where) }));
  for (const { type, object } of placed) {
    const created = await client.create(type, object);
    printLine(context.stdout, `${type.kind.toLowerCase()}.${type.group}/${created.metadata?.name} created`);
  }
  const [first] = placed;
  if (options.watch && first) return await watch(first.type, first.object, options, context);
}

/** @throws CliError for kinds that are not ours, and for fields that their schemas do not know */
function typeOf(document: ManifestDocument, context: Context): ResourceType {
  const { apiVersion, kind } = document.object;
  const type = ownTypeOf(document.object);
  if (!type) throw new CliError(`creates of ${groupOf(apiVersion)}/${kind ?? ''} unsupported`);
  const schema = ownSchema(document.object);
  const [unknown] = schema ? unknownFields(document, schema) : [];
  if (unknown) {
    printLine(context.stderr, `${document.file}: ${kind} has no field ${unknown.path}`);
    throw unknown;
  }
  return type;
}

/** The object in its namespace: the file's if it names one, else the command's. */
function place(
  { object, file }: ManifestDocument,
  type: ResourceType,
  where: { namespace: string; namespaceGiven: boolean },
): KubeObject {
  const { namespace: own, ...metadata } = object.metadata ?? {};
  if (!type.namespaced) return { ...object, metadata };
  if (own && where.namespaceGiven && own !== where.namespace) {
    throw new CliError(
      `${file}: metadata.namespace is ${JSON.stringify(own)}, --namespace is ${JSON.stringify(where.namespace)}; they must be the same`,
    );
  }
  return { ...object, metadata: { ...metadata, namespace: own ?? where.namespace } };
}

async function watch(
  type: ResourceType,
  { metadata }: KubeObject,
  options: CreateOptions,
  context: Context,
): Promise<ExitCode> {
  const cluster = await context.cluster();
  const namespace = metadata?.namespace ?? cluster.namespace;
  const there: Context = { ...context, cluster: async () => ({ ...cluster, namespace }) };
  const flags = { watch: true, color: options.color };
  if (type === Rollouts) return await getRollout(metadata?.name ?? '', flags, there);
  if (type === Experiments) return await getExperiment(metadata?.name ?? '', flags, there);
  throw new CliError('Can only watch resources of type Rollout or Experiment');
}
