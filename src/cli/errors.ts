/** How commands fail: every failure is one `Error: …` line on stderr and an exit code (CLI §1). */

/** A failure that the user is told about as `Error: <message>`. */
export class CliError extends Error {
  override name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 1, cause?: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

/** A command line that cannot be understood; the command's usage is printed below the message. */
export class UsageError extends CliError {
  override name = 'UsageError';
}

/** The sentence of anything that was thrown; never empty. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(messageOf).join('; ');
  if (error instanceof Error) return error.message || error.name;
  return String(error);
}
