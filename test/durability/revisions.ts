/** What was seen under each revision, by anybody: none may ever stand for two writes. */
export class Revisions {
  readonly #writes = new Map<number, string>();

  get size(): number {
    return this.#writes.size;
  }

  /** @param write what tells the write from all others */
  see(resourceVersion: string, write: string): number {
    const revision = Number(resourceVersion);
    const known = this.#writes.get(revision);
    if (known !== undefined && known !== write) {
      throw new Error(`revision ${revision} was given to "${known}" and to "${write}"`);
    }
    this.#writes.set(revision, write);
    return revision;
  }
}
