import type { Store } from '../store/index.ts';
import type { Reference, TokenIdentity } from './service-account-tokens.ts';

/** Whether the account of a token, and what the token is bound to, are still the ones that it was issued for. */
export function isLive(store: Store, { namespace, account, boundTo }: TokenIdentity): boolean {
  const exists = (plural: string, key: string, { uid }: Reference) =>
    store.resource(`/${plural}`).get(key)?.object.metadata?.uid === uid;
  const { pod, secret, node } = boundTo;
  return (
    exists('serviceaccounts', `${namespace}/${account.name}`, account) &&
    (!pod || exists('pods', `${namespace}/${pod.name}`, pod)) &&
    (!secret || exists('secrets', `${namespace}/${secret.name}`, secret)) &&
    (!node || exists('nodes', node.name, node))
  );
}
