/** The client speaks no protocol that is understood here. `status` is the HTTP status to answer. */
export class UpgradeError extends Error {
  override name = 'UpgradeError';
  readonly status: 400 | 403;

  constructor(status: 400 | 403, message: string) {
    super(message);
    this.status = status;
  }
}
