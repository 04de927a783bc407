import { Command } from 'commander';
import { AnalysisRuns, Experiments } from '../../api/index.ts';
import type { Run } from '../context.ts';
import { type Context, printLine } from '../context.ts';
import { withExamples } from '../help.ts';

export function terminateCommand(run: Run): Command {
  const analysisRun = withExamples(
    new Command('analysisrun')
      .aliases(['ar', 'analysisruns'])
      .summary('Terminate an AnalysisRun')
      .description('End AnalysisRuns now, with what they have measured so far.')
      .argument('ANALYSISRUN_NAME...', 'names of AnalysisRuns')
      .action((names: string[]) => run((context) => terminateAnalysisRun(names, context))),
    {
      what: 'Terminate an AnalysisRun',
      line: '{cmd} terminate analysisrun guestbook-877894d5b-4-success-rate.1',
    },
  );
  const experiment = withExamples(
    new Command('experiment')
      .aliases(['exp', 'experiments'])
      .summary('Terminate an experiment')
      .description('End experiments now: their analyses finish, their pods are scaled down.')
      .argument('EXPERIMENT_NAME...', 'names of experiments')
      .action((names: string[]) => run((context) => terminateExperiment(names, context))),
    { what: 'Terminate an experiment', line: '{cmd} terminate experiment my-experiment' },
  );
  return new Command('terminate')
    .description('Terminate an AnalysisRun or an Experiment.')
    .addCommand(analysisRun)
    .addCommand(experiment);
}

/** CLI-017. */
export async function terminateAnalysisRun(names: readonly string[], context: Context): Promise<void> {
  const { client, namespace } = await context.cluster();
  for (const name of names) {
    await client.patch({ type: AnalysisRuns, namespace, name }, 'merge', { spec: { terminate: true } });
    printLine(context.stdout, `analysisRun '${name}' terminated`);
  }
}

/** CLI-017. */
export async function terminateExperiment(names: readonly string[], context: Context): Promise<void> {
  const { client, namespace } = await context.cluster();
  for (const name of names) {
    await client.patch({ type: Experiments, namespace, name }, 'merge', { spec: { terminate: true } });
    printLine(context.stdout, `experiment '${name}' terminated`);
  }
}
