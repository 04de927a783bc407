import { StatusError } from '../status.ts';

/** What a webhook has decided. */
export interface Verdict {
  /** Operations of a JSON patch; undefined without any. */
  patch?: unknown;
  warnings: readonly string[];
}

interface Response {
  uid?: unknown;
  allowed?: unknown;
  status?: { code?: unknown; message?: unknown; reason?: unknown };
  patch?: unknown;
  patchType?: unknown;
  warnings?: unknown;
}

const GROUP = 'admission.k8s.io';
const VERSIONS = ['v1', 'v1beta1'];

/** The version of the reviews that a webhook is sent: the first of its own that is known here. */
export const reviewVersion = (accepted: readonly string[]): string =>
  accepted.find((version) => VERSIONS.includes(version)) ?? 'v1';

export const reviewOf = (version: string, request: Record<string, unknown>) => ({
  kind: 'AdmissionReview',
  apiVersion: `${GROUP}/${version}`,
  request,
});

/**
 * Reads the answer of a webhook.
 * @param webhook its name, for messages
 * @throws StatusError when the webhook denies the request; Error when the answer is none
 */
export function readReview(answer: unknown, webhook: string, version: string, uid: string): Verdict {
  const { kind, apiVersion, response } = (answer ?? {}) as Record<string, unknown>;
  const wanted = `${GROUP}/${version}`;
  const isReview = kind === 'AdmissionReview' && apiVersion === wanted;
  // Version v1beta1 asked for neither its own name nor the uid.
  if (version === 'v1' && !isReview) {
    throw new Error(
      `received invalid webhook response: expected webhook response of ${wanted}, Kind=AdmissionReview, got ` +
        `${String(apiVersion ?? '')}, Kind=${String(kind ?? '')}`,
    );
  }
  if (typeof response !== 'object' || response === null) {
    throw new Error('received invalid webhook response: webhook response was absent');
  }
  const given = response as Response;
  if (version === 'v1' && given.uid !== uid) {
    throw new Error(
      `received invalid webhook response: expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(given.uid ?? '')}`,
    );
  }
  if (given.allowed !== true) throw denial(webhook, given.status);
  const warnings = Array.isArray(given.warnings) ? given.warnings.map(String) : [];
  return { warnings, ...(given.patch !== undefined && given.patch !== null && { patch: patchOf(given) }) };
}

function patchOf({ patch, patchType }: Response): unknown {
  if (patchType !== 'JSONPatch') {
    throw new Error(`received invalid webhook response: response.patchType must be "JSONPatch"`);
  }
  try {
    return JSON.parse(Buffer.from(String(patch), 'base64').toString('utf8'));
  } catch (error) {
    throw new Error(`received invalid webhook response: response.patch: ${(error as Error).message}`);
  }
}

/** A denial keeps the webhook's own status, as far as it is one of a failure. */
function denial(webhook: string, status: Response['status']): StatusError {
  const { code, message, reason } = status ?? {};
  const denied = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const why = message || reason;
  return new StatusError(
    typeof code === 'number' && code >= 400 && code <= 599 ? code : 400,
    typeof reason === 'string' ? reason : '',
    why ? `${denied}: ${String(why)}` : `${denied} without explanation`,
  );
}
