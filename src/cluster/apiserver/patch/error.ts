/** A patch that cannot be applied. The message is for the client. */
export class PatchError extends Error {
  override name = 'PatchError';
  /** HTTP status: 400 malformed, 422 does not fit the object, 500 where Kubernetes answers so. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
