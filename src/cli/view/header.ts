import { compare, type ExperimentInfo, type ReplicaSetInfo, type RolloutInfo } from '../info/index.ts';
import type { Paint } from './colour.ts';

/** The block of labelled values above the tree (CLI §4.1). */

const LABEL_WIDTH = 17;

const line = (label: string, value: string | number | undefined) =>
  `${label.padEnd(LABEL_WIDTH)}${value ?? ''}`.trimEnd();

export function rolloutHeader(info: RolloutInfo, paint: Paint): string[] {
  const isCanary = info.strategy === 'Canary';
  const replicaSets = [...info.replicaSets, ...info.experiments.flatMap((each) => each.replicaSets)];
  return [
    ...about(info, paint),
    line('Strategy:', info.strategy),
    ...(isCanary
      ? [
          line('  Step:', info.step),
          line('  SetWeight:', info.setWeight),
          line('  ActualWeight:', info.actualWeight),
        ]
      : []),
    ...images(replicaSets, paint),
    line('Replicas:', ''),
    line('  Desired:', info.desired),
    line('  Current:', info.current),
    line('  Updated:', info.updated),
    line('  Ready:', info.ready),
    line('  Available:', info.available),
  ];
}

export function experimentHeader(info: ExperimentInfo, paint: Paint): string[] {
  return [...about(info, paint), ...images(info.replicaSets, paint)];
}

function about({ objectMeta, icon, status, message }: RolloutInfo | ExperimentInfo, paint: Paint): string[] {
  return [
    line('Name:', objectMeta.name),
    line('Namespace:', objectMeta.namespace),
    line('Status:', `${paint(icon)} ${status}`),
    ...(message ? [line('Message:', message)] : []),
  ];
}

/** The tags of a ReplicaSet, in the order in which they are shown. */
export function tagsOf(replicaSet: ReplicaSetInfo): string[] {
  const { stable, canary, active, preview, ping, pong } = replicaSet;
  return Object.entries({ stable, canary, active, preview, ping, pong })
    .filter(([, set]) => set)
    .map(([tag]) => tag);
}

/** One line for each image that runs, with what it runs as (CLI-071). */
function images(replicaSets: readonly ReplicaSetInfo[], paint: Paint): string[] {
  const tagsByImage = new Map<string, string[]>();
  for (const replicaSet of replicaSets) {
    if (replicaSet.replicas === 0) continue;
    const tags = imageTags(replicaSet);
    for (const image of new Set(replicaSet.images)) {
      const before = tagsByImage.get(image);
      tagsByImage.set(image, before ? [...new Set([...before, ...tags])].sort(compare) : tags);
    }
  }
  return [...tagsByImage]
    .sort(([a], [b]) => compare(a, b))
    .map(([image, tags], index) => {
      const shown = tags.map((tag) => paint(tag)).join(', ');
      return line(index === 0 ? 'Images:' : '', tags.length > 0 ? `${image} (${shown})` : image);
    });
}

function imageTags(replicaSet: ReplicaSetInfo): string[] {
  if (replicaSet.template) return [`Σ:${replicaSet.template}`];
  const order = ['canary', 'stable', 'active', 'preview', 'ping', 'pong'];
  return tagsOf(replicaSet).sort((a, b) => order.indexOf(a) - order.indexOf(b));
}
