import type { MutatingWebhook, ValidatingWebhook } from 'kubernetes-types/admissionregistration/v1.d.ts';
import { type KubeObject, matchesSelector } from '../../../api/index.ts';
import type { Rule } from '../kinds/webhooks.ts';
import { compileCondition } from '../schema/index.ts';
import type { AdmissionRequest } from './request.ts';

export type Webhook = MutatingWebhook | ValidatingWebhook;

/** Configurations of admission are not themselves judged by it, so that nobody locks everybody out. */
const NEVER_JUDGED = 'admissionregistration.k8s.io';

/**
 * Whether a webhook wants to be asked about a request, by its rules and selectors.
 * @param namespaceLabels labels of the request's namespace
 */
export function isAsked(
  webhook: Scope & Pick<Webhook, 'rules'>,
  request: AdmissionRequest,
  namespaceLabels: Readonly<Record<string, string>> | undefined,
): boolean {
  return (
    (webhook.rules ?? []).some((rule) => matchesRule(rule as Rule, request)) &&
    isSelected(webhook, request, namespaceLabels)
  );
}

/** What objects a webhook or a policy is about. */
export type Scope = Pick<Webhook, 'namespaceSelector' | 'objectSelector'>;

/** Whether the selectors fit; they fit no configuration of admission. */
export function isSelected(
  scope: Scope,
  request: AdmissionRequest,
  namespaceLabels: Readonly<Record<string, string>> | undefined,
): boolean {
  if (request.target.kind.group === NEVER_JUDGED) return false;
  return matchesNamespace(scope, request, namespaceLabels) && matchesObject(scope, request);
}

export function matchesRule(rule: Rule, { operation, target }: AdmissionRequest): boolean {
  const { kind, subresource = '' } = target;
  const has = (list: readonly string[] | undefined, value: string) =>
    list?.some((each) => each === '*' || each === value) ?? false;
  const { scope = '*' } = rule;
  return (
    has(rule.operations, operation) &&
    has(rule.apiGroups, kind.group) &&
    has(rule.apiVersions, kind.version) &&
    (scope === '*' || (scope === 'Namespaced') === kind.namespaced) &&
    (rule.resources ?? []).some((pattern) => matchesResource(pattern, kind.plural, subresource))
  );
}

// Forms: `pods`, `pods/status`, `pods/*`, `*`, `*/status` and `*/*`.
function matchesResource(pattern: string, plural: string, subresource: string): boolean {
  const [resource, sub = ''] = pattern.split('/');
  return (resource === '*' || resource === plural) && (sub === '*' || sub === subresource);
}

function matchesNamespace(
  { namespaceSelector }: Scope,
  { target: { kind }, object, oldObject }: AdmissionRequest,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  if (!namespaceSelector) return true;
  // A namespace is judged by its own labels.
  if (kind.group === '' && kind.plural === 'namespaces') {
    return matchesSelector(namespaceSelector, (object ?? oldObject)?.metadata?.labels);
  }
  return !kind.namespaced || matchesSelector(namespaceSelector, labels);
}

function matchesObject({ objectSelector }: Scope, { object, oldObject }: AdmissionRequest): boolean {
  if (!objectSelector) return true;
  return [object, oldObject].some(
    (each: KubeObject | undefined) => each && matchesSelector(objectSelector, each.metadata?.labels),
  );
}

/**
 * Whether all `matchConditions` hold; one that does not ends it, whatever becomes of the others.
 * @param described the request as conditions see it
 * @throws Error when none fails and one cannot be judged
 */
export function holdConditions(
  { matchConditions }: Pick<Webhook, 'matchConditions'>,
  described: Record<string, unknown>,
): boolean {
  const { object, oldObject, ...request } = described;
  let problem: Error | undefined;
  for (const { name, expression } of matchConditions ?? []) {
    try {
      if (compileCondition(expression)({ object, oldObject, request }) !== true) return false;
    } catch (error) {
      problem ??= new Error(`matchCondition '${name}': ${(error as Error).message}`);
    }
  }
  if (problem) throw problem;
  return true;
}
