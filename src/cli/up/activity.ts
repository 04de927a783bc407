import { type Rollout, Rollouts } from '../../api/index.ts';
import type { Informers } from '../../kube/index.ts';
import { rolloutPhase } from '../../rollouts/index.ts';
import type { Output } from '../context.ts';
import { printLine } from '../context.ts';

/** Prints one line whenever the phase or the message of a Rollout changes. */
export function printActivity(informers: Informers, output: Output, now: () => Date): () => void {
  const shown = new Map<string, string>();
  const show = (rollout: Rollout) => {
    const { namespace, name } = rollout.metadata;
    const { phase, message } = rolloutPhase(rollout);
    const key = `${namespace}/${name}`;
    const text = message ? `${phase} - ${message}` : phase;
    if (shown.get(key) === text) return;
    shown.set(key, text);
    printLine(output, `${now().toTimeString().slice(0, 8)}  ${key}  ${text}`);
  };
  return informers.informer(Rollouts).subscribe({
    added: show,
    updated: (_old, next) => show(next),
    deleted: (rollout) => shown.delete(`${rollout.metadata.namespace}/${rollout.metadata.name}`),
  });
}
