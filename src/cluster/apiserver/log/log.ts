/**
 * One write: the state of a key after it, or its last state when the write deleted it. Revisions count all writes of
 * the server, from 1, without gaps.
 */
export interface LogRecord {
  revision: number;
  /** `<group>/<plural>/<namespace>/<name>`; the namespace is empty for cluster-scoped objects. */
  key: string;
  /** The object as JSON. For a deletion: its last state. */
  value: string;
  deleted: boolean;
  /** Revision of the record of the same key that this one supersedes; 0 when there is none. */
  previous: number;
}

/**
 * Where the API server keeps its writes: an append-only log of revisions. Everything that is read again while the
 * server runs is answered from memory; the log is read once, at start.
 */
export interface Log {
  /** Revision of the last record; 0 when there is none. */
  readonly revision: number;
  /** Records up to this revision are gone, except for the last one of each key that still exists. */
  readonly compacted: number;
  /** The records in order of revision: what compaction has kept, then everything after it. */
  records(): Iterable<LogRecord>;
  /**
   * Appends all records or none. When it resolves they survive a crash of the process and of the machine. One call at
   * a time.
   */
  append(records: readonly LogRecord[]): Promise<void>;
  /** Forgets superseded and deleted records up to and including the revision. */
  compact(revision: number): Promise<void>;
  /** Releases the files. Idempotent. */
  close(): Promise<void>;
}
