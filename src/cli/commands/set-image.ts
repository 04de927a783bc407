import { Command } from 'commander';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import { type KubeObject, type ObjectRef, Rollouts } from '../../api/index.ts';
import { isConflict } from '../../kube/index.ts';
import type { Run } from '../context.ts';
import { type Context, printLine } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import { withExamples } from '../help.ts';
import { templateOf, withTemplate, workloadOf } from '../objects/workload.ts';

export function setCommand(run: Run): Command {
  const image = withExamples(
    new Command('image')
      .summary('Update the image of a rollout')
      .description(
        'Set the image of one container of a rollout, or with * of all of them.\nThe rollout then updates its pods as its strategy says.',
      )
      .argument('ROLLOUT_NAME', 'name of the rollout')
      .argument('CONTAINER=IMAGE', 'name of the container, or *, and its new image')
      .action((name: string, assignment: string) => run((context) => setImage(name, assignment, context))),
    {
      what: "Set the image of the rollout's container",
      line: '{cmd} set image my-rollout containerName=registry.example/app:2.0',
    },
    {
      what: 'Set the image of all containers',
      line: "{cmd} set image my-rollout '*=registry.example/app:2.0'",
    },
  );
  return new Command('set').description('Change a value of a rollout.').addCommand(image);
}

/** How often the update is made again because somebody else changed the object meanwhile (CLI-033). */
const ATTEMPTS = 5;

/** CLI-029 to CLI-033. */
export async function setImage(name: string, assignment: string, context: Context): Promise<void> {
  const [container, image, ...more] = assignment.split('=');
  if (!container || !image || more.length > 0) {
    throw new UsageError(`invalid argument ${JSON.stringify(assignment)}: must be CONTAINER=IMAGE`);
  }
  const { client, namespace } = await context.cluster();
  for (let attempt = 1; ; attempt++) {
    const rollout = await client.get({ type: Rollouts, namespace, name });
    const ref: ObjectRef = workloadOf(rollout) ?? { type: Rollouts, namespace, name };
    const target = ref.type.plural === Rollouts.plural ? rollout : await client.get(ref);
    try {
      await client.update<KubeObject>(ref.type, withImage(target, ref, container, image));
    } catch (error) {
      if (isConflict(error) && attempt < ATTEMPTS) continue;
      throw error;
    }
    printLine(context.stdout, `${ref.type.kind.toLowerCase()} ${JSON.stringify(ref.name)} image updated`);
    return;
  }
}

/** The object with the image of the container, or of every container for `*`, replaced. */
function withImage(object: KubeObject, ref: ObjectRef, container: string, image: string): KubeObject {
  const template: PodTemplateSpec = templateOf(object, ref.type) ?? {};
  let found = false;
  const replace = <C extends { name: string }>(containers: C[] | undefined) =>
    containers?.map((each) => {
      if (container !== '*' && each.name !== container) return each;
      found = true;
      return { ...each, image };
    });
  const { initContainers, containers, ephemeralContainers, ...spec } = template.spec ?? { containers: [] };
  const lists = {
    initContainers: replace(initContainers),
    containers: replace(containers),
    ephemeralContainers: replace(ephemeralContainers),
  };
  if (!found) throw new CliError(`unable to find container named ${JSON.stringify(container)}`);
  const present = Object.fromEntries(Object.entries(lists).filter(([, list]) => list !== undefined));
  return withTemplate(object, ref.type, {
    ...template,
    spec: { ...spec, ...present } as unknown as PodTemplateSpec['spec'],
  });
}
