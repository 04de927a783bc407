import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { formatTime } from '../../../api/index.ts';
import { type BoundTo, DEFAULT_AUDIENCE } from '../access/service-account-tokens.ts';
import { decodeBody } from '../http/body.ts';
import type { ApiContext, SubresourceHandler } from '../http/context.ts';
import { locate, type ObjectTarget } from '../rest/core.ts';
import { strings } from '../reviews/question.ts';
import { badRequest, conflict, invalid, notFound } from '../status.ts';
import { ownKind } from './own-kind.ts';

interface BoundObjectRef {
  kind?: string;
  apiVersion?: string;
  name?: string;
  uid?: string;
}

interface TokenRequestBody {
  spec?: { audiences?: unknown; expirationSeconds?: number; boundObjectRef?: BoundObjectRef | null };
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
    const { spec } = ownKind<TokenRequestBody>(body, serviceAccountToken.kind, ['authentication.k8s.io/v1']);
    const { resource, key } = locate(context, target);
    const account = resource.get(key);
    if (!account) throw notFound(target.kind, target.name);
    const seconds = checkedSeconds(spec?.expirationSeconds ?? DEFAULT_SECONDS);
    const given = strings(spec ?? {}, 'audiences');
    const audiences = given.length > 0 ? given : [DEFAULT_AUDIENCE];
    const boundObjectRef = spec?.boundObjectRef ?? null;
    const boundTo = boundObjectRef ? boundToObject(context, target, boundObjectRef) : {};
    const issuedAt = clock();
    const expiresAt = issuedAt + seconds * 1000;
    const { name, namespace } = target;
    const uid = account.object.metadata?.uid ?? '';
    const token = serviceAccounts.issue({
      name,
      namespace: namespace ?? '',
      uid,
      audiences,
      boundTo,
      issuedAt,
      expiresAt,
    });
    exchange.sendValue(201, {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: formatTime(issuedAt) },
      spec: { audiences, expirationSeconds: seconds, boundObjectRef },
      status: { token, expirationTimestamp: formatTime(expiresAt) },
    });
  },
};

const BINDABLE: Readonly<Record<string, { plural: string; claim: keyof BoundTo }>> = {
  Pod: { plural: 'pods', claim: 'pod' },
  Secret: { plural: 'secrets', claim: 'secret' },
  Node: { plural: 'nodes', claim: 'node' },
};

/** The object with which a token shall end. @throws StatusError 400, 404 or 409 */
function boundToObject(context: ApiContext, account: ObjectTarget, reference: BoundObjectRef): BoundTo {
  const { kind = '', apiVersion = 'v1', name = '', uid } = reference;
  const bindable = BINDABLE[kind];
  const found = bindable && context.registry.find('', 'v1', bindable.plural);
  if (!found || apiVersion !== 'v1')
    throw badRequest(`cannot bind token to object of type ${apiVersion}, Kind=${kind}`);
  const { resource, key } = locate(context, { kind: found, namespace: account.namespace, name });
  const object = resource.get(key)?.object;
  if (!object) throw notFound(found, name);
  const actual = object.metadata?.uid ?? '';
  if (uid && uid !== actual) {
    throw conflict(
      found,
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been ` +
        'deleted and then recreated',
    );
  }
  const running = (object as Pod).spec?.serviceAccountName;
  if (kind === 'Pod' && running !== account.name) {
    throw badRequest(
      `cannot bind token for serviceaccount "${account.name}" to pod running with different serviceaccount name.`,
    );
  }
  return { [bindable.claim]: { name, uid: actual } };
}

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
