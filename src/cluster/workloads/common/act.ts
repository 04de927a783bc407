import type { Effect, KubeObject } from '../../../api/index.ts';
import { applyEffect, type Writer } from '../../../kube/index.ts';

/** An effect that the API server refused; `cause` says why. */
export class EffectError extends Error {
  override name = 'EffectError';
  readonly effect: Effect;

  constructor(effect: Effect, cause: unknown) {
    super(`cannot ${effect.what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.effect = effect;
  }
}

/** Deletions at once. */
const DELETE_BATCH = 32;

/**
 * Carries out effects in order and tells of each that succeeded. Creations that follow each other are made in batches
 * of 1, 2, 4 …, so that a quota or an admission rule that refuses them all is asked once, not a hundred times;
 * deletions that follow each other are made together.
 * @throws EffectError of the first that failed; what came after its batch has not been tried
 */
export async function act(
  writer: Writer,
  effects: readonly Effect[],
  done: (effect: Effect, object: KubeObject | undefined) => void,
): Promise<void> {
  for (const batch of batches(effects)) {
    const results = await Promise.allSettled(
      batch.map(async (effect) => {
        try {
          done(effect, await applyEffect(writer, effect));
        } catch (error) {
          throw new EffectError(effect, error);
        }
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}

/** Effects that may be carried out side by side. */
export function batches(effects: readonly Effect[]): Effect[][] {
  const result: Effect[][] = [];
  let limit = 1;
  for (const effect of effects) {
    const batch = result.at(-1);
    const previous = batch?.at(-1);
    if (batch && previous?.kind === effect.kind && effect.kind !== 'patch' && batch.length < limit) {
      batch.push(effect);
      continue;
    }
    if (effect.kind === 'create') limit = previous?.kind === 'create' ? limit * 2 : 1;
    else limit = DELETE_BATCH;
    result.push([effect]);
  }
  return result;
}
