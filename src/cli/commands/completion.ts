import { Command } from 'commander';
import { scripts } from '../completion/scripts.ts';
import type { Run } from '../context.ts';
import { type Context, printLine } from '../context.ts';
import { CliError } from '../errors.ts';
import { withExamples } from '../help.ts';

export function completionCommand(run: Run): Command {
  return withExamples(
    new Command('completion')
      .description(
        `Print a script that lets the shell complete commands, flags and names.\n\nFor \`kubectl argo rollouts\` itself (kubectl 1.26 or newer) put an executable file
kubectl_complete-argo-rollouts on the PATH with the lines

  #!/usr/bin/env sh
  kubectl argo rollouts __complete "$@"`,
      )
      .argument('[SHELL]', Object.keys(scripts).join(', '))
      .allowExcessArguments()
      .action((_shell: string | undefined, _options: unknown, command: Command) =>
        run((context) => completion(command.args, context)),
      ),
    { what: 'Complete in this bash', line: 'source <({exe} completion bash)' },
    { what: 'Complete in every zsh', line: '{exe} completion zsh > "$fpath[1]/_{exe}"' },
    { what: 'Complete in every fish', line: '{exe} completion fish > ~/.config/fish/completions/{exe}.fish' },
  );
}

/** CLI-063. */
export async function completion(shells: readonly string[], context: Context): Promise<void> {
  const [shell] = shells;
  if (shell === undefined || shells.length > 1) {
    throw new CliError(`accepts 1 arg(s), received ${shells.length}`);
  }
  const script = scripts[shell];
  if (!script) {
    throw new CliError(`invalid argument ${JSON.stringify(shell)} for "completion"`);
  }
  printLine(context.stdout, script(context.invokedAs));
}
