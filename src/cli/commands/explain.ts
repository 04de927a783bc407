import { Command } from 'commander';
import type { Run } from '../context.ts';
import { explain } from '../explain/explain.ts';
import { withExamples } from '../help.ts';

export function explainCommand(run: Run): Command {
  return withExamples(
    new Command('explain')
      .description(
        'Tell why a rollout is where it is, what it waits for, and when it acts next.\n\nThe rollout is decided here, from the live objects, by the code that the controller runs; nothing is changed.',
      )
      .argument('ROLLOUT_NAME', 'name of the rollout')
      .action((name: string) => run((context) => explain(name, context))),
    { what: 'Why does it stand still?', line: '{cmd} explain guestbook' },
  );
}
