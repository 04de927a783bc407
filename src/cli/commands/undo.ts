import { Command } from 'commander';
import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import {
  controllerOf,
  EPHEMERAL_METADATA_ANNOTATION,
  formatSelector,
  POD_TEMPLATE_HASH_LABEL,
  type PodMetadata,
  REVISION_ANNOTATION,
  ReplicaSets,
  type Rollout,
  Rollouts,
} from '../../api/index.ts';
import type { Run } from '../context.ts';
import { type Context, printLine } from '../context.ts';
import { CliError, messageOf } from '../errors.ts';
import { integerOption } from '../flags.ts';
import { withExamples } from '../help.ts';
import { templatePath, workloadOf } from '../objects/workload.ts';

export function undoCommand(run: Run): Command {
  return withExamples(
    new Command('undo')
      .description('Go back to the previous version of a rollout, or to a given one.')
      .argument('ROLLOUT_NAME', 'name of the rollout')
      .addOption(integerOption('--to-revision <int>', 'revision to go back to; 0: the one before', 0))
      .action((name: string, options: { toRevision: number }) =>
        run((context) => undo(name, options, context)),
      ),
    { what: 'Undo a rollout', line: '{cmd} undo guestbook' },
    { what: 'Undo a rollout to revision 3', line: '{cmd} undo guestbook --to-revision=3' },
  );
}

/** CLI-034 to CLI-039. */
export async function undo(name: string, options: { toRevision: number }, context: Context): Promise<void> {
  const { client, namespace } = await context.cluster();
  const rollout = await client.get({ type: Rollouts, namespace, name });
  const labelSelector = formatSelector(rollout.spec.selector);
  const { items } = await client
    .list(ReplicaSets, { namespace, ...(labelSelector && { labelSelector }) })
    .catch((error: unknown) => {
      throw new CliError(`failed to retrieve replica sets from rollout ${name}: ${messageOf(error)}`);
    });
  const { revision, replicaSet } = findRevision(rollout, items, options.toRevision);
  const template = restorableTemplate(replicaSet);

  if (rollout.spec.template && isSubset(withoutHash(rollout.spec.template), template)) {
    printLine(context.stdout, `skipped rollback (current template already matches revision ${revision})`);
    return;
  }
  try {
    const ref = workloadOf(rollout) ?? { type: Rollouts, namespace, name };
    await client.patch(ref, 'json', [{ op: 'replace', path: templatePath(ref.type), value: template }]);
  } catch (error) {
    throw new CliError(`failed restoring revision ${revision}: ${messageOf(error)}`, 1, error);
  }
  printLine(context.stdout, `rollout '${name}' undo`);
}

/** The ReplicaSet of a revision; 0 asks for the second highest. */
function findRevision(rollout: Rollout, replicaSets: readonly ReplicaSet[], wanted: number) {
  const revisions = replicaSets
    .filter((replicaSet) => controllerOf(replicaSet)?.uid === rollout.metadata.uid)
    .map((replicaSet) => ({ replicaSet, revision: revisionOf(replicaSet) }))
    .filter((each): each is { replicaSet: ReplicaSet; revision: number } => each.revision !== undefined)
    .sort((a, b) => b.revision - a.revision);
  if (wanted > 0) {
    const found = revisions.find((each) => each.revision === wanted);
    if (!found) throw new CliError(`unable to find specified revision ${wanted} in history`);
    return found;
  }
  const previous = wanted === 0 ? revisions[1] : undefined;
  if (!previous) {
    throw new CliError(`no revision found for rollout ${JSON.stringify(rollout.metadata.name)}`);
  }
  return previous;
}

/** 0 without the annotation, undefined when it is no whole number (CLI-039). */
function revisionOf(replicaSet: ReplicaSet): number | undefined {
  const text = replicaSet.metadata?.annotations?.[REVISION_ANNOTATION];
  if (text === undefined) return 0;
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

/** The pod template of a ReplicaSet without what the controller has put into it. */
function restorableTemplate(replicaSet: ReplicaSet): PodTemplateSpec {
  const template = withoutHash(replicaSet.spec?.template ?? {});
  const injected = injectedMetadata(replicaSet);
  return {
    ...template,
    metadata: {
      ...template.metadata,
      ...without('labels', template.metadata?.labels, injected.labels),
      ...without('annotations', template.metadata?.annotations, injected.annotations),
    },
  };
}

function injectedMetadata(replicaSet: ReplicaSet): PodMetadata {
  const text = replicaSet.metadata?.annotations?.[EPHEMERAL_METADATA_ANNOTATION];
  if (!text) return {};
  try {
    return (JSON.parse(text) ?? {}) as PodMetadata;
  } catch {
    return {};
  }
}

type Labels = Record<string, string>;

/** The map under its name, less the pairs that were injected; nothing when there was none. */
function without(name: string, map: Labels | undefined, injected: Labels | undefined) {
  if (!map) return {};
  const kept = Object.entries(map).filter(([key, value]) => injected?.[key] !== value);
  return kept.length > 0 ? { [name]: Object.fromEntries(kept) } : { [name]: undefined };
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [POD_TEMPLATE_HASH_LABEL]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** Whether everything that is set in `part` is the same in `whole`; null, empty lists and maps count as not set. */
function isSubset(part: unknown, whole: unknown): boolean {
  if (part === null || part === undefined) return true;
  if (Array.isArray(part)) {
    if (part.length === 0) return true;
    return (
      Array.isArray(whole) &&
      part.length === whole.length &&
      part.every((item, index) => isSubset(item, whole[index]))
    );
  }
  if (typeof part === 'object') {
    const inside = (typeof whole === 'object' ? whole : undefined) as Record<string, unknown> | undefined;
    return Object.entries(part).every(([key, value]) => isSubset(value, inside?.[key]));
  }
  return part === whole;
}
