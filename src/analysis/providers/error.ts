/** A measurement that cannot be taken; the message is for the user. */
export class MeasurementError extends Error {
  override name = 'MeasurementError';
}
