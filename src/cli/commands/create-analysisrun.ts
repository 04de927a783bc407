import { Command } from 'commander';
import { buildRunSpec } from '../../analysis/index.ts';
import {
  type AnalysisRun,
  AnalysisRuns,
  type AnalysisTemplate,
  AnalysisTemplates,
  API_VERSION,
  type Argument,
  ClusterAnalysisTemplates,
  INSTANCE_ID_LABEL,
  type TemplateRef,
} from '../../api/index.ts';
import type { KubeClient } from '../../kube/index.ts';
import type { Run } from '../context.ts';
import { type Context, printLine } from '../context.ts';
import { CliError } from '../errors.ts';
import { listOption } from '../flags.ts';
import { withExamples } from '../help.ts';
import { readManifests } from '../manifests/read.ts';

interface CreateAnalysisRunOptions {
  name?: string;
  generateName?: string;
  instanceId?: string;
  argument?: string[];
  from?: string;
  fromFile?: string;
  global?: boolean;
}

export function createAnalysisRunCommand(run: Run): Command {
  return withExamples(
    new Command('analysisrun')
      .alias('ar')
      .summary('Create an AnalysisRun from an AnalysisTemplate or a ClusterAnalysisTemplate')
      .description('Measure once what an AnalysisTemplate describes, without a rollout.')
      .option('--name <name>', 'name of the AnalysisRun')
      .option('--generate-name <prefix>', 'prefix of its name; default: the name of the template')
      .option('--instance-id <id>', 'instance id of the controller that shall run it')
      .addOption(
        listOption('-a, --argument <name=value>', 'argument of the template; may be given several times'),
      )
      .option('--from <name>', 'name of the template')
      .option('--from-file <file>', 'file with the template')
      .option('--global', 'take a ClusterAnalysisTemplate')
      .action((options: CreateAnalysisRunOptions) => run((context) => createAnalysisRun(options, context))),
    {
      what: 'Create an AnalysisRun from a local AnalysisTemplate',
      line: '{cmd} create analysisrun --from-file my-template.yaml',
    },
    {
      what: 'Create an AnalysisRun from an AnalysisTemplate in the cluster',
      line: '{cmd} create analysisrun --from my-template',
    },
    { what: 'With an argument', line: '{cmd} create analysisrun --from my-template -a host=example.com' },
    { what: 'From a ClusterAnalysisTemplate', line: '{cmd} create analysisrun --global --from my-template' },
  );
}

/** CLI-044 to CLI-047. */
async function createAnalysisRun(options: CreateAnalysisRunOptions, context: Context): Promise<void> {
  if (Boolean(options.from) === Boolean(options.fromFile)) {
    throw new CliError('one of --from or --from-file must be specified');
  }
  const args = (options.argument ?? []).map(parseArgument);
  const { client, namespace } = await context.cluster();
  const template = options.from
    ? await client.get(
        options.global
          ? { type: ClusterAnalysisTemplates, name: options.from }
          : { type: AnalysisTemplates, namespace, name: options.from },
      )
    : await readTemplate(options.fromFile ?? '', context);
  const run: AnalysisRun = {
    apiVersion: API_VERSION,
    kind: 'AnalysisRun',
    metadata: { ...nameOf(template, options), namespace, ...labelsOf(template, options) },
    spec: await specOf(template, args, client, namespace),
  };
  const created = await client.create(AnalysisRuns, run);
  printLine(context.stdout, `analysisrun.argoproj.io/${created.metadata.name} created`);
}

function parseArgument(text: string): Argument {
  const at = text.indexOf('=');
  if (at < 0) throw new CliError('arguments must be in the form NAME=VALUE');
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

async function readTemplate(file: string, context: Context): Promise<AnalysisTemplate> {
  const [document] = await readManifests(file, context);
  if (!document) throw new CliError(`no template in ${file}`);
  return document.object as AnalysisTemplate;
}

function nameOf({ metadata }: AnalysisTemplate, { name, generateName }: CreateAnalysisRunOptions) {
  if (name) return { name };
  const prefix = generateName || (metadata?.name ? `${metadata.name}-` : undefined);
  if (!prefix) throw new CliError('name is invalid');
  return { generateName: prefix };
}

/** Labels and annotations of the template go over, but not kubectl's record of how the template was applied. */
function labelsOf({ metadata }: AnalysisTemplate, { instanceId }: CreateAnalysisRunOptions) {
  const labels = { ...metadata?.labels, ...(instanceId && { [INSTANCE_ID_LABEL]: instanceId }) };
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, ...annotations } =
    metadata?.annotations ?? {};
  return {
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

async function specOf(
  template: AnalysisTemplate,
  given: readonly Argument[],
  client: KubeClient,
  namespace: string,
): Promise<AnalysisRun['spec']> {
  const { templates = [], metrics = [], ...spec } = template.spec;
  if (templates.length === 0) {
    const args = resolveArguments(spec.args ?? [], given);
    return { ...spec, metrics, ...(args.length > 0 && { args }) };
  }
  const library = await collectReferenced(template, client, namespace);
  const declared = [template, ...library.namespaceTemplates.values(), ...library.clusterTemplates.values()];
  refuseUndeclared(
    declared.flatMap(({ spec }) => spec.args ?? []),
    given,
  );
  const built = buildRunSpec({ ...library, templates: [{ templateName: ROOT }], args: [...given] });
  if ('error' in built) throw new CliError(built.error.message);
  return built.spec;
}

/** The declared arguments with the given values; without declarations, what is given. */
function resolveArguments(declared: readonly Argument[], given: readonly Argument[]): Argument[] {
  if (declared.length === 0) return [...given];
  refuseUndeclared(declared, given);
  return declared.map((argument) => {
    const value = given.findLast(({ name }) => name === argument.name)?.value;
    if (value !== undefined) return { name: argument.name, value };
    if (argument.value === undefined && argument.valueFrom === undefined) {
      throw new CliError(`args.${argument.name} was not resolved`);
    }
    return argument;
  });
}

function refuseUndeclared(declared: readonly Argument[], given: readonly Argument[]): void {
  const names = declared.map(({ name }) => name);
  const stranger = given.find(({ name }) => !names.includes(name));
  if (stranger) {
    throw new CliError(
      `the template has no argument ${JSON.stringify(stranger.name)}; it has ${names.join(', ')}`,
    );
  }
}

/** Name of the template itself among those that it refers to; no object can be called so. */
const ROOT = '';

/** The template under ROOT, and all that it refers to, directly or not. */
async function collectReferenced(template: AnalysisTemplate, client: KubeClient, namespace: string) {
  const namespaceTemplates = new Map([[ROOT, template]]);
  const clusterTemplates = new Map<string, AnalysisTemplate>();
  const collect = async (references: readonly TemplateRef[]): Promise<void> => {
    for (const { templateName: name = '', clusterScope } of references) {
      const found = clusterScope ? clusterTemplates : namespaceTemplates;
      if (found.has(name)) continue;
      const referenced = await client.get(
        clusterScope
          ? { type: ClusterAnalysisTemplates, name }
          : { type: AnalysisTemplates, namespace, name },
      );
      found.set(name, referenced);
      await collect(referenced.spec.templates ?? []);
    }
  };
  await collect(template.spec.templates ?? []);
  return { namespaceTemplates, clusterTemplates };
}
