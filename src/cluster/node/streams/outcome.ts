/** How a command ended, as the error channel of exec and attach tells it: the part of a Status that clients read. */
export interface Outcome {
  metadata: Record<string, never>;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  code?: number;
  details?: { causes: { reason?: string; message: string }[] };
}

export function exited(exitCode: number): Outcome {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

export function failed(message: string): Outcome {
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${message}`,
    reason: 'InternalError',
    code: 500,
    details: { causes: [{ message }] },
  };
}

/** What goes to the error channel: a Status from protocol version 4 on, before it a text for failures alone. */
export function outcomeText(outcome: Outcome, isStatus: boolean): string {
  if (isStatus) return JSON.stringify(outcome);
  return outcome.status === 'Success' ? '' : (outcome.message ?? '');
}
