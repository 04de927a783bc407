/** Where the API server's writes are kept; it knows nothing of Kubernetes. */
export { discardState } from './discard.ts';
export * from './errors.ts';
export type { Log, LogRecord } from './log.ts';
export { openSqliteLog } from './sqlite.ts';
