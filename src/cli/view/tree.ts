import type { Instant } from '../../api/index.ts';
import { parseTime } from '../../api/index.ts';
import {
  type AnalysisRunInfo,
  type ExperimentInfo,
  humanDuration,
  type JobInfo,
  type PodInfo,
  type ReplicaSetInfo,
  type RolloutInfo,
} from '../info/index.ts';
import type { Paint } from './colour.ts';
import { tagsOf } from './header.ts';
import { alignRows } from './table.ts';

/** The tree of what a Rollout or Experiment owns (CLI §4.2). Nothing is left out or cut. */

interface Node {
  /** Glyph and name. */
  name: string;
  kind: string;
  status: string;
  age: string;
  info: string;
  children: Node[];
}

interface Style {
  paint: Paint;
  now: Instant;
}

/** Age of what has no creation time, as Go shows the longest duration that it knows. */
const AGELESS = '292y';
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

export function rolloutTree(info: RolloutInfo, style: Style): string[] {
  return draw({
    ...row(`⟳ ${info.objectMeta.name}`, 'Rollout', info, style),
    children: revisions(info).map((revision) => revisionNode(info, revision, style)),
  });
}

export function experimentTree(info: ExperimentInfo, style: Style): string[] {
  return draw(experimentNode(info, style));
}

function draw(root: Node): string[] {
  return alignRows([['NAME', 'KIND', 'STATUS', 'AGE', 'INFO'], ...rowsOf(root, '', '')]);
}

/** The rows of a node; `own` is drawn before its name, `inherited` before those of its children. */
function rowsOf(node: Node, own: string, inherited: string): string[][] {
  const rows = node.children.flatMap((child, index) => {
    const isLast = index === node.children.length - 1;
    return rowsOf(child, `${inherited}${isLast ? '└──' : '├──'}`, `${inherited}${isLast ? '   ' : '│  '}`);
  });
  return [[own + node.name, node.kind, node.status, node.age, node.info], ...rows];
}

/** Every revision that occurs, newest first. */
function revisions({ replicaSets, experiments, analysisRuns }: RolloutInfo): number[] {
  const all = [...replicaSets, ...experiments, ...analysisRuns].map(({ revision }) => revision);
  return [...new Set(all)].sort((a, b) => b - a);
}

function revisionNode(info: RolloutInfo, revision: number, style: Style): Node {
  const ofRevision = (each: { revision: number }) => each.revision === revision;
  return {
    name: `# revision:${revision}`,
    kind: '',
    status: '',
    age: '',
    info: '',
    children: [
      ...info.replicaSets.filter(ofRevision).map((each) => replicaSetNode(each, style)),
      ...info.experiments.filter(ofRevision).map((each) => experimentNode(each, style)),
      ...info.analysisRuns.filter(ofRevision).map((each) => analysisRunNode(each, style)),
    ],
  };
}

function replicaSetNode(replicaSet: ReplicaSetInfo, style: Style): Node {
  const tags = tagsOf(replicaSet);
  const delay = delayOf(replicaSet, style.now);
  return {
    ...row(
      `⧉ ${style.paint(replicaSet.objectMeta.name ?? '', tags.at(-1) ?? '')}`,
      'ReplicaSet',
      replicaSet,
      style,
    ),
    info: [...tags.map((tag) => style.paint(tag)), ...(delay === undefined ? [] : [`delay:${delay}`])].join(
      ',',
    ),
    children: replicaSet.pods.map((pod) => podNode(pod, style)),
  };
}

/** The time until an old ReplicaSet is scaled down; undefined when that is not planned. */
function delayOf({ scaleDownDeadline }: ReplicaSetInfo, now: Instant): string | undefined {
  if (scaleDownDeadline === undefined) return undefined;
  const deadline = RFC_3339.test(scaleDownDeadline) ? parseTime(scaleDownDeadline) : undefined;
  if (deadline === undefined) return '';
  return deadline < now ? 'passed' : humanDuration(deadline - now);
}

function podNode(pod: PodInfo, style: Style): Node {
  return {
    ...row(`□ ${pod.objectMeta.name}`, 'Pod', pod, style),
    info: [`ready:${pod.ready}`, ...(pod.restarts > 0 ? [`restarts:${pod.restarts}`] : [])].join(','),
  };
}

function experimentNode(experiment: ExperimentInfo, style: Style): Node {
  return {
    ...row(
      `Σ ${style.paint(experiment.objectMeta.name ?? '', experiment.status)}`,
      'Experiment',
      experiment,
      style,
    ),
    children: [
      ...experiment.replicaSets.map((each) => replicaSetNode(each, style)),
      ...experiment.analysisRuns.map((each) => analysisRunNode(each, style)),
    ],
  };
}

function analysisRunNode(run: AnalysisRunInfo, style: Style): Node {
  const counts: [string, number][] = [
    ['✔', run.successful],
    ['✖', run.failed],
    ['?', run.inconclusive],
    ['⚠', run.error],
  ];
  return {
    ...row(`α ${style.paint(run.objectMeta.name ?? '', run.status)}`, 'AnalysisRun', run, style),
    info: counts
      .filter(([, count]) => count > 0)
      .map(([icon, count]) => `${style.paint(icon)} ${count}`)
      .join(','),
    children: run.jobs.map((job) => jobNode(job, style)),
  };
}

function jobNode(job: JobInfo, style: Style): Node {
  return row(`⊞ ${style.paint(job.objectMeta.name ?? '', job.status)}`, 'Job', job, style);
}

type Shown = Pick<RolloutInfo, 'objectMeta' | 'icon' | 'status'>;

function row(name: string, kind: string, { objectMeta, icon, status }: Shown, { paint, now }: Style): Node {
  const created = parseTime(objectMeta.creationTimestamp as string | undefined);
  return {
    name,
    kind,
    status: `${paint(icon)} ${status}`,
    age: created === undefined ? AGELESS : humanDuration(now - created),
    info: '',
    children: [],
  };
}
