import { formatTime } from '../../../api/index.ts';
import { DEFAULT_AUDIENCE } from '../access/service-account-tokens.ts';
import { decodeBody } from '../http/body.ts';
import type { SubresourceHandler } from '../http/context.ts';
import { locate } from '../rest/core.ts';
import { invalid, notFound } from '../status.ts';

interface TokenRequestBody {
  spec?: { audiences?: string[]; expirationSeconds?: number };
}

const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;

/** POST `serviceaccounts/<name>/token`. */
export const serviceAccountToken: SubresourceHandler = {
  group: '',
  plural: 'serviceaccounts',
  subresource: 'token',
  kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
  methods: { POST: 'create' },
  async handle(context, exchange, target) {
    const { serviceAccounts, clock } = context;
    const body = decodeBody(await exchange.body(), exchange.header('content-type'), 'TokenRequest');
    const { spec } = (body ?? {}) as TokenRequestBody;
    const { resource, key } = locate(context, target);
    const account = resource.get(key);
    if (!account) throw notFound(target.kind, target.name);
    const seconds = checkedSeconds(spec?.expirationSeconds ?? DEFAULT_SECONDS);
    const audiences = spec?.audiences?.length ? spec.audiences : [DEFAULT_AUDIENCE];
    const issuedAt = clock();
    const expiresAt = issuedAt + seconds * 1000;
    const { name, namespace } = target;
    const uid = account.object.metadata?.uid ?? '';
    const token = serviceAccounts.issue({
      name,
      namespace: namespace ?? '',
      uid,
      audiences,
      issuedAt,
      expiresAt,
    });
    exchange.sendValue(201, {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: formatTime(issuedAt) },
      spec: { audiences, expirationSeconds: seconds, boundObjectRef: null },
      status: { token, expirationTimestamp: formatTime(expiresAt) },
    });
  },
};

function checkedSeconds(seconds: unknown): number {
  const whole = typeof seconds === 'number' && Number.isInteger(seconds);
  if (whole && seconds >= MIN_SECONDS && seconds <= MAX_SECONDS) return seconds;
  const detail =
    whole && seconds > MAX_SECONDS
      ? 'may not specify a duration larger than 2^32 seconds'
      : 'may not specify a duration less than 10 minutes';
  throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
    { type: 'FieldValueInvalid', field: 'spec.expirationSeconds', value: seconds, detail },
  ]);
}
