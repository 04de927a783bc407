import type { ConfigMap, Secret, ServiceAccount } from 'kubernetes-types/core/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { configMapKey } from '../schema/names.ts';
import { forbidden, immutable, invalid, required } from './checks.ts';
import { column } from './columns.ts';
import { builtin } from './define.ts';

const maxBytes = 1024 * 1024;
const immutableText = 'field is immutable when `immutable` is set';
const count = (map: object | undefined) => Object.keys(map ?? {}).length;

export const configMaps = builtin({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  package: 'io.k8s.api.core.v1',
  shortNames: ['cm'],
  columns: [
    column<ConfigMap>('Data', 'Number of keys.', ({ data, binaryData }) => count(data) + count(binaryData)),
  ],
  validate(object) {
    const { data, binaryData } = object as ConfigMap;
    const errors = [...keyErrors(data, 'data'), ...keyErrors(binaryData, 'binaryData')];
    for (const key of Object.keys(binaryData ?? {})) {
      if (data && key in data)
        errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    }
    return [...errors, ...tooLarge('[]', data, binaryData)];
  },
  validateUpdate: (next, old) => frozen(next as ConfigMap, old as ConfigMap, ['data', 'binaryData']),
});

/** Keys that secrets of a type must have. */
const keysOfType: Record<string, readonly string[]> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

export const secrets = builtin({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  package: 'io.k8s.api.core.v1',
  columns: [
    column<Secret>('Type', 'What the secret is for.', ({ type }) => type ?? ''),
    column<Secret>('Data', 'Number of keys.', ({ data }) => count(data)),
  ],
  defaults(object) {
    const { stringData, ...secret } = object as Secret;
    const added = Object.entries(stringData ?? {}).map(([key, text]) => [
      key,
      Buffer.from(text).toString('base64'),
    ]);
    const data = { ...secret.data, ...Object.fromEntries(added) };
    return { ...secret, type: secret.type ?? 'Opaque', ...(count(data) > 0 && { data }) } as KubeObject;
  },
  validate(object) {
    const { type = '', data } = object as Secret;
    const missing = (keysOfType[type] ?? []).filter((key) => data?.[key] === undefined);
    return [
      ...keyErrors(data, 'data'),
      ...tooLarge('data', data),
      ...missing.map((key) => required(`data[${key}]`)),
      ...typeErrors(object as Secret),
    ];
  },
  validateUpdate: (next, old) => [
    ...immutable('type', (next as Secret).type, (old as Secret).type),
    ...frozen(next as Secret, old as Secret, ['data']),
  ],
  fields: (object) => ({ type: (object as Secret).type ?? '' }),
});

const ACCOUNT_ANNOTATION = 'kubernetes.io/service-account.name';

/** What some types ask for beside keys. */
function typeErrors({ type, data, metadata }: Secret): FieldError[] {
  if (type === 'kubernetes.io/service-account-token' && !metadata?.annotations?.[ACCOUNT_ANNOTATION]) {
    return [required(`metadata.annotations[${ACCOUNT_ANNOTATION}]`)];
  }
  if (type === 'kubernetes.io/basic-auth' && data?.username === undefined && data?.password === undefined) {
    return [required('data[username]'), required('data[password]')];
  }
  return [];
}

export const serviceAccounts = builtin({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  package: 'io.k8s.api.core.v1',
  shortNames: ['sa'],
  returnsDeletedObject: true,
  columns: [
    column<ServiceAccount>('Secrets', 'Number of secrets.', ({ secrets: list }) => list?.length ?? 0),
  ],
});

function keyErrors(map: Record<string, string> | undefined, field: string): FieldError[] {
  return Object.keys(map ?? {}).flatMap((key) =>
    configMapKey(key).map((problem) => invalid(`${field}[${key}]`, key, problem)),
  );
}

function tooLarge(field: string, ...maps: (Record<string, string> | undefined)[]): FieldError[] {
  const values = maps.flatMap((map) => Object.values(map ?? {}));
  const bytes = values.reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  if (bytes <= maxBytes) return [];
  return [{ type: 'FieldValueTooLong', field, detail: `may not be more than ${maxBytes} bytes` }];
}

/** Once `immutable` is set, neither it nor the data change. */
function frozen<T extends ConfigMap | Secret>(
  next: T,
  old: T,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  if (!old.immutable) return [];
  const errors = next.immutable ? [] : [forbidden('immutable', immutableText)];
  const changed = fields.filter((field) => !equal(next[field], old[field]));
  return [...errors, ...changed.map((field) => forbidden(field, immutableText))];
}
