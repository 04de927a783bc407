/** Another server uses the state directory. */
export class StateLockedError extends Error {
  override name = 'StateLockedError';
  readonly stateDir: string;
  /** Process id of the other server, when it could be read. */
  readonly pid: number | undefined;

  constructor(stateDir: string, pid: number | undefined, cause?: unknown) {
    const who = pid === undefined ? 'another process' : `the process with id ${pid}`;
    super(
      `the state directory ${stateDir} is in use by ${who}: stop it, or choose another directory with --state-dir`,
      { cause },
    );
    this.stateDir = stateDir;
    this.pid = pid;
  }
}

/** The state directory holds something that this server cannot read. */
export class StateDamagedError extends Error {
  override name = 'StateDamagedError';
  readonly path: string;

  constructor(path: string, problem: string, cause?: unknown) {
    super(
      `${path} cannot be used: ${problem}. Nothing was changed. Restore it from a copy, or start over with --fresh`,
      { cause },
    );
    this.path = path;
  }
}

/** The state directory cannot be read or written: permissions, a full disk, a file where a folder should be. */
export class StateUnusableError extends Error {
  override name = 'StateUnusableError';
  readonly path: string;

  constructor(path: string, problem: string, cause?: unknown) {
    super(
      `${path} cannot be opened for reading and writing: ${problem}. Set that right, or choose another directory with --state-dir`,
      { cause },
    );
    this.path = path;
  }
}
