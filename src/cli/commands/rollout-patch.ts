import { type Rollout, Rollouts } from '../../api/index.ts';
import { isNotFound } from '../../kube/index.ts';
import type { Context } from '../context.ts';

/** Merge patches of a Rollout, as the commands send them (CLI §2.1). */

export async function patchRollout(name: string, body: object, context: Context): Promise<Rollout> {
  const { client, namespace } = await context.cluster();
  return await client.patch({ type: Rollouts, namespace, name }, 'merge', body);
}

/**
 * Patches the status sub-resource; where there is none (404), the object itself, with `unified` if that differs
 * (CLI-012, CLI-025). Any other refusal is the caller's.
 */
export async function patchRolloutStatus(
  name: string,
  body: object,
  context: Context,
  unified: object = body,
): Promise<{ rollout: Rollout; fellBack: boolean }> {
  const { client, namespace } = await context.cluster();
  try {
    const rollout = await client.patch({ type: Rollouts, namespace, name }, 'merge', body, {
      subresource: 'status',
    });
    return { rollout, fellBack: false };
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return { rollout: await patchRollout(name, unified, context), fellBack: true };
  }
}
