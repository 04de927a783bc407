import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from 'kubernetes-types/admissionregistration/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { compileCondition } from '../schema/index.ts';
import { dnsSubdomain, portNumber } from '../schema/names.ts';
import { check, duplicate, invalid, oneOf, required } from './checks.ts';
import { column } from './columns.ts';
import { type BuiltinKind, builtin } from './define.ts';
import { validateSelector } from './selectors.ts';

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;
type Webhook = MutatingWebhook | ValidatingWebhook;

/** What requests a webhook or policy is about. */
export interface Rule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  scope?: string;
}

const MAX_TIMEOUT_SECONDS = 30;
const DEFAULT_PORT = 443;
const REVIEW_VERSIONS = ['v1', 'v1beta1'];

const shared = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  package: 'io.k8s.api.admissionregistration.v1',
  categories: ['api-extensions'],
  namespaced: false,
  generation: ['webhooks'],
  allowUnconditionalUpdate: false,
  columns: [
    column<Configuration>('Webhooks', 'How many there are.', ({ webhooks }) => webhooks?.length ?? 0, {
      type: 'integer',
    }),
  ],
  validate: (object) => validateWebhooks(object as Configuration),
} satisfies Partial<BuiltinKind>;

export const validatingWebhookConfigurations = builtin({
  ...shared,
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  defaults: (object) => withDefaults(object as Configuration, {}),
});

export const mutatingWebhookConfigurations = builtin({
  ...shared,
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  defaults: (object) => withDefaults(object as Configuration, { reinvocationPolicy: 'Never' }),
});

function withDefaults(object: Configuration, more: object): KubeObject {
  if (!object.webhooks) return object as KubeObject;
  const webhooks = object.webhooks.map((webhook: Webhook) => {
    const { service } = webhook.clientConfig ?? {};
    return {
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
      ...more,
      ...webhook,
      ...(service && {
        clientConfig: { ...webhook.clientConfig, service: { port: DEFAULT_PORT, ...service } },
      }),
      ...(webhook.rules && { rules: webhook.rules.map((rule) => ({ scope: '*', ...rule })) }),
    };
  });
  return { ...(object as KubeObject), webhooks } as KubeObject;
}

function validateWebhooks({ webhooks = [] }: Configuration): FieldError[] {
  const names = new Set<string>();
  return webhooks.flatMap((webhook: Webhook, i) => {
    const field = `webhooks[${i}]`;
    const errors = validateWebhook(webhook, field);
    if (names.has(webhook.name)) errors.push(duplicate(`${field}.name`, webhook.name));
    names.add(webhook.name);
    return errors;
  });
}

function validateWebhook(webhook: Webhook, field: string): FieldError[] {
  const { name = '', rules = [], timeoutSeconds, clientConfig, admissionReviewVersions = [] } = webhook;
  const errors: FieldError[] = [];
  if (admissionReviewVersions.length === 0) {
    const detail = 'must specify one of v1, v1beta1';
    errors.push(required(`${field}.admissionReviewVersions`, detail));
  } else if (!admissionReviewVersions.some((version) => REVIEW_VERSIONS.includes(version))) {
    const detail = 'must include at least one of v1, v1beta1';
    errors.push(invalid(`${field}.admissionReviewVersions`, admissionReviewVersions, detail));
  }
  errors.push(...validateName(name, `${field}.name`));
  for (const [i, rule] of rules.entries()) errors.push(...validateRule(rule as Rule, `${field}.rules[${i}]`));
  errors.push(...oneOf(`${field}.failurePolicy`, webhook.failurePolicy, ['Fail', 'Ignore']));
  errors.push(...oneOf(`${field}.matchPolicy`, webhook.matchPolicy, ['Equivalent', 'Exact']));
  if (!webhook.sideEffects) {
    errors.push(required(`${field}.sideEffects`, 'must specify one of None, NoneOnDryRun'));
  } else errors.push(...oneOf(`${field}.sideEffects`, webhook.sideEffects, ['None', 'NoneOnDryRun']));
  if (timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > MAX_TIMEOUT_SECONDS)) {
    const detail = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalid(`${field}.timeoutSeconds`, timeoutSeconds, detail));
  }
  errors.push(...validateSelector(webhook.namespaceSelector, `${field}.namespaceSelector`));
  errors.push(...validateSelector(webhook.objectSelector, `${field}.objectSelector`));
  for (const [i, { expression }] of (webhook.matchConditions ?? []).entries()) {
    errors.push(...validateExpression(expression, `${field}.matchConditions[${i}].expression`));
  }
  const { url, service } = clientConfig ?? {};
  if (Boolean(url) === Boolean(service)) {
    errors.push(required(`${field}.clientConfig`, 'exactly one of url or service is required'));
  } else if (url) errors.push(...validateUrl(url, `${field}.clientConfig.url`));
  else if (service) errors.push(...validateService(service, `${field}.clientConfig.service`));
  return errors;
}

const URL_FORM = 'desired format: https://host[/path]';

function validateUrl(text: string, field: string): FieldError[] {
  if (!URL.canParse(text)) return [required(field, `url must be a valid URL; ${URL_FORM}`)];
  const { protocol, host, username, password, hash, search } = new URL(text);
  const errors: FieldError[] = [];
  if (protocol !== 'https:') {
    const detail = `'https' is the only allowed URL scheme; ${URL_FORM}`;
    errors.push(invalid(field, protocol.slice(0, -1), detail));
  }
  if (!host) errors.push(invalid(field, host, `host must be specified; ${URL_FORM}`));
  if (username || password) {
    errors.push(invalid(field, username, 'user information is not permitted in the URL'));
  }
  if (hash) errors.push(invalid(field, hash.slice(1), 'fragments are not permitted in the URL'));
  if (search) errors.push(invalid(field, search.slice(1), 'query parameters are not permitted in the URL'));
  return errors;
}

function validateService(
  { name, namespace, path, port }: NonNullable<WebhookClientConfig['service']>,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${field}.name`, 'service name is required'));
  if (!namespace) errors.push(required(`${field}.namespace`, 'service namespace is required'));
  for (const problem of portNumber(port ?? DEFAULT_PORT)) {
    errors.push(invalid(`${field}.port`, port, `port is not valid: ${problem}`));
  }
  if (path && !path.startsWith('/')) errors.push(invalid(`${field}.path`, path, "must start with a '/'"));
  return errors;
}

/** Refuses what is no expression, or speaks of what there is not. */
export function validateExpression(expression: string, field: string): FieldError[] {
  try {
    compileCondition(expression);
    return [];
  } catch (error) {
    const problem = (error as Error).message.split('\n')[0];
    return [invalid(field, expression, `compilation failed: ${problem}`)];
  }
}

/** A domain name of three parts at least: whose it is, and what it is called. */
function validateName(name: string, field: string): FieldError[] {
  if (!name) return [required(field)];
  const errors = check(field, name, dnsSubdomain);
  if (errors.length > 0 || name.split('.').length >= 3) return errors;
  return [invalid(field, name, 'should be a domain with at least three segments separated by dots')];
}

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

export function validateRule(rule: Rule, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const lists = ['operations', 'apiGroups', 'apiVersions', 'resources'] as const;
  for (const list of lists) {
    const values = rule[list] ?? [];
    if (values.length === 0) errors.push(required(`${field}.${list}`));
    if (list === 'resources' ? values.includes('*/*') : values.includes('*')) {
      const detail = `if '${list === 'resources' ? '*/*' : '*'}' is present, must not specify other ${noun[list]}`;
      if (values.length > 1) errors.push(invalid(`${field}.${list}`, values, detail));
    }
  }
  for (const [i, operation] of (rule.operations ?? []).entries()) {
    errors.push(...oneOf(`${field}.operations[${i}]`, operation, OPERATIONS));
  }
  for (const [i, version] of (rule.apiVersions ?? []).entries()) {
    if (version === '') errors.push(required(`${field}.apiVersions[${i}]`));
  }
  return [...errors, ...oneOf(`${field}.scope`, rule.scope, ['*', 'Cluster', 'Namespaced'])];
}

const noun = {
  operations: 'operations',
  apiGroups: 'API groups',
  apiVersions: 'API versions',
  resources: 'resources',
};
