import type { Secret, ServiceAccount } from 'kubernetes-types/core/v1.d.ts';
import { type Decision, Secrets, ServiceAccounts } from '../../../api/index.ts';
import { type KubeClient, keyOf, objectPath } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { startReconciler } from '../common/reconciler.ts';

export interface TokenSecretView {
  secret: Secret;
  account: ServiceAccount | undefined;
  ca: string;
  /** A new token, when the secret has none. */
  token: string | undefined;
}

const TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';
/** As long as may be asked for. */
const TOKEN_SECONDS = 2 ** 32;

const isTokenSecret = ({ type }: Secret) => type === TYPE;
const accountNameOf = ({ metadata }: Secret) => metadata?.annotations?.[ACCOUNT_NAME];
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Fills the secrets that users make for the tokens of ServiceAccounts; they go with their account. */
export function decideTokenSecret({ secret, account, ca, token }: TokenSecretView): Decision<never> {
  const { namespace = '', name = '', uid, resourceVersion, annotations } = secret.metadata ?? {};
  const ref = { type: Secrets, namespace, name };
  const owner = accountNameOf(secret);
  const accountUid = annotations?.[ACCOUNT_UID];
  const quiet = (code: string, text: string): Decision<never> => ({
    effects: [],
    events: [],
    because: [{ code, text }],
  });
  if (secret.metadata?.deletionTimestamp || !owner) return quiet('NoAccount', 'it names no ServiceAccount');
  if (!account || (accountUid !== undefined && accountUid !== account.metadata?.uid)) {
    const what = `delete token secret ${name}, whose ServiceAccount is gone`;
    return { ...quiet('AccountGone', what), effects: [{ kind: 'delete', what, ref, uid }] };
  }
  const wanted: Record<string, string> = { 'ca.crt': base64(ca), namespace: base64(namespace) };
  if (!secret.data?.token && token !== undefined) wanted.token = base64(token);
  const isFull = Object.entries(wanted).every(([key, value]) => secret.data?.[key] === value);
  if (isFull && accountUid !== undefined) return quiet('Filled', 'it has its token');
  const patch = {
    metadata: { uid, annotations: { [ACCOUNT_UID]: account.metadata?.uid } },
    data: wanted,
  };
  const what = `fill token secret ${name}`;
  return { ...quiet('Filling', what), effects: [{ kind: 'patch', what, ref, patch, resourceVersion }] };
}

export function startTokenSecrets(context: Context, ca: string): Controller {
  const { client, informers } = context;
  const secrets = informers.informer(Secrets);
  const accounts = informers.informer(ServiceAccounts);
  const reconciler = startReconciler<Secret, TokenSecretView>({
    context,
    component: 'token-controller',
    type: Secrets,
    reads: [ServiceAccounts],
    async observe(secret) {
      if (!isTokenSecret(secret)) return undefined;
      const { namespace } = secret.metadata ?? {};
      const name = accountNameOf(secret) ?? '';
      const account = accounts.get(namespace, name);
      const needsToken = account && !secret.data?.token && !secret.metadata?.deletionTimestamp;
      const token = needsToken ? await requestToken(client, secret, account) : undefined;
      return { secret, account, ca, token };
    },
    decide: decideTokenSecret,
  });
  const enqueue = (secret: Secret) => {
    if (isTokenSecret(secret)) reconciler.enqueue(keyOf(secret));
  };
  const accountChanged = ({ metadata }: ServiceAccount) => {
    for (const secret of secrets.list(metadata?.namespace)) {
      if (accountNameOf(secret) === metadata?.name) enqueue(secret);
    }
  };
  const subscriptions = [
    secrets.subscribe({ added: enqueue, updated: (_old, secret) => enqueue(secret) }),
    accounts.subscribe({ added: accountChanged, deleted: accountChanged }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

/** A token that holds as long as its secret. */
async function requestToken(
  client: KubeClient,
  { metadata: secret }: Secret,
  { metadata }: ServiceAccount,
): Promise<string | undefined> {
  const ref = { type: ServiceAccounts, namespace: metadata?.namespace, name: metadata?.name ?? '' };
  const { name, uid } = secret ?? {};
  const response = await client.request('POST', objectPath(ref, 'token'), {
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        expirationSeconds: TOKEN_SECONDS,
        boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name, uid },
      },
    },
  });
  const { status } = (await response.json()) as { status?: { token?: string } };
  return status?.token;
}
