import {
  type Decision,
  INSTANCE_ID_LABEL,
  type Instant,
  type RolloutStatus,
  Rollouts,
} from '../../api/index.ts';
import { observeRollout } from '../../controller/index.ts';
import { decideRollout } from '../../rollouts/index.ts';
import { type Context, printLine, warn } from '../context.ts';
import { humanDuration, shownPhase, stepText } from '../info/index.ts';
import { notFound } from '../objects/read.ts';
import { readSnapshot } from './snapshot.ts';
import { describeStep } from './step.ts';
import { analysisTroubles, podTroubles } from './trouble.ts';

/** Decides the rollout as the controller would, now, and tells what comes of it and why; writes nothing. */
export async function explain(name: string, context: Context): Promise<void> {
  const { client, namespace } = await context.cluster();
  const { reader, unreadable } = await readSnapshot(client, namespace, name);
  for (const { type, why } of unreadable) warn(context, `cannot list ${type.plural}: ${why}`);
  const rollout = reader.get(Rollouts, namespace, name);
  const instanceId = rollout?.metadata.labels?.[INSTANCE_ID_LABEL];
  const view = observeRollout(reader, namespace, name, { instanceId });
  if (!rollout || !view) throw notFound(Rollouts, name);

  const now = context.clock();
  const decision = decideRollout(view, now);
  const { phase, message } = shownPhase(rollout);
  const step = describeStep(rollout);
  const lines = [
    line('Rollout:', `${namespace}/${name}`),
    line('Phase:', message ? `${phase} - ${message}` : phase),
    ...(step ? [line('Step:', `${stepText(rollout)}  ${step}`)] : []),
    ...block(
      'Why:',
      decision.because.map(({ text, code }) => `${text} (${code})`),
    ),
    ...block('Pods:', podTroubles(view)),
    ...block('Analysis:', analysisTroubles(view)),
    ...block('Next:', nextOf(decision, now)),
  ];
  for (const each of lines) printLine(context.stdout, each);
}

/** What the controller does at once, or what it waits for. */
function nextOf({ effects, wakeAt }: Decision<RolloutStatus>, now: Instant): string[] {
  if (effects.length > 0) return effects.map(({ what }) => `now: ${what}`);
  if (wakeAt === undefined)
    return ['nothing, until something changes: a pod, an analysis, a command such as promote'];
  if (wakeAt <= now) return ['now: look again'];
  return [`in ${humanDuration(wakeAt - now)}, or when something changes`];
}

const LABEL_WIDTH = 11;

const line = (label: string, text: string) => `${label.padEnd(LABEL_WIDTH)}${text}`;

/** Several lines under one label; none without texts. */
function block(label: string, texts: readonly string[]): string[] {
  const lines = texts.flatMap((text) => text.split('\n'));
  return lines.map((text, index) => line(index === 0 ? label : '', text));
}
