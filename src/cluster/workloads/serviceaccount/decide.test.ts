import type { ConfigMap, Secret, ServiceAccount } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { ago } from '../testing/objects.ts';
import { decideRootCa } from './root-ca.ts';
import { decideTokenSecret } from './token-secrets.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the root certificates', () => {
  const published = (data: ConfigMap['data']): ConfigMap => ({
    metadata: { name: 'kube-root-ca.crt', uid: 'u', resourceVersion: '2' },
    ...(data && { data }),
  });
  const decide = (current?: ConfigMap, deletionTimestamp?: string) =>
    decideRootCa({
      namespace: { metadata: { name: 'a', ...(deletionTimestamp && { deletionTimestamp }) } },
      ca: 'PEM',
      current,
    }).effects;

  it('are published in each namespace that stays', () => {
    expect(decide()).toMatchObject([
      {
        kind: 'create',
        ref: { namespace: 'a', name: 'kube-root-ca.crt' },
        object: { data: { 'ca.crt': 'PEM' } },
      },
    ]);
    expect(decide(undefined, ago(1))).toEqual([]);
  });

  it('are restored when somebody changes them, and else left alone', () => {
    expect(decide(published({ 'ca.crt': 'PEM' }))).toEqual([]);
    expect(decide(published({ 'ca.crt': 'other', more: 'x' }))).toMatchObject([
      { kind: 'patch', patch: { data: { 'ca.crt': 'PEM', more: null } }, resourceVersion: '2' },
    ]);
  });
});

describe('a secret for a token', () => {
  const account: ServiceAccount = { metadata: { name: 'robot', namespace: 'a', uid: 'uid-sa' } };
  const secret = (annotations = {}, data: Secret['data'] = {}): Secret => ({
    metadata: {
      name: 's',
      namespace: 'a',
      uid: 'uid-s',
      resourceVersion: '3',
      annotations: { 'kubernetes.io/service-account.name': 'robot', ...annotations },
    },
    type: 'kubernetes.io/service-account-token',
    data,
  });
  const uid = { 'kubernetes.io/service-account.uid': 'uid-sa' };
  const decide = (of: Secret, owner: ServiceAccount | undefined = account, token?: string) =>
    decideTokenSecret({ secret: of, account: owner, ca: 'PEM', token }).effects;

  it('is filled with the token, the certificates and the namespace', () => {
    const data = { token: base64('T'), 'ca.crt': base64('PEM'), namespace: base64('a') };
    expect(decide(secret(), account, 'T')).toMatchObject([
      { kind: 'patch', patch: { metadata: { annotations: uid }, data }, resourceVersion: '3' },
    ]);
    expect(decide(secret(uid, data))).toEqual([]);
  });

  it('keeps its token when only the certificates have changed', () => {
    const data = { token: base64('T'), 'ca.crt': base64('OLD'), namespace: base64('a') };
    const [effect] = decide(secret(uid, data));
    expect(effect).toMatchObject({ patch: { data: { 'ca.crt': base64('PEM') } } });
    expect(effect).not.toHaveProperty('patch.data.token');
  });

  it('goes when its account is gone, or is another of the same name', () => {
    const gone = decideTokenSecret({ secret: secret(), account: undefined, ca: 'PEM', token: undefined });
    expect(gone.effects).toMatchObject([{ kind: 'delete', uid: 'uid-s' }]);
    expect(decide(secret({ 'kubernetes.io/service-account.uid': 'uid-before' }))).toMatchObject([
      { kind: 'delete' },
    ]);
  });
});
