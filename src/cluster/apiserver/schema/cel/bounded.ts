import { createContext, Script } from 'node:vm';

const sandbox: { work: (() => unknown) | undefined } = { work: undefined };
const context = createContext(sandbox);
const script = new Script('work()');

/** The work has taken longer than it may. */
export class TimeBoundError extends Error {
  override name = 'TimeBoundError';
}

/**
 * Does something that does not wait, and breaks it off when it takes too long: expressions come from users, and loops in
 * loops over long lists would hold up everybody.
 * @throws TimeBoundError
 */
export function bounded<T>(work: () => T, milliseconds: number): T {
  sandbox.work = work;
  try {
    return script.runInContext(context, { timeout: milliseconds }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new TimeBoundError(`took longer than ${milliseconds} ms`);
  } finally {
    sandbox.work = undefined;
  }
}
