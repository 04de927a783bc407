import type {
  MatchResources,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
} from 'kubernetes-types/admissionregistration/v1.d.ts';
import { type KubeObject, matchesSelector } from '../../../api/index.ts';
import type { Rule } from '../kinds/webhooks.ts';
import type { Registry } from '../registry/registry.ts';
import { keyOf, present } from '../rest/core.ts';
import { compileCondition, type RequestContext } from '../schema/index.ts';
import { forbidden, StatusError } from '../status.ts';
import type { Resource, Store } from '../store/index.ts';
import { holdConditions, isSelected, matchesRule } from './match.ts';
import { type AdmissionRequest, describeRequest } from './request.ts';

const GROUP = 'admissionregistration.k8s.io';

/** What a policy has against a request. */
interface Violation {
  message: string;
  reason: string;
}

const CODES: Readonly<Record<string, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  RequestEntityTooLarge: 413,
};
const INVALID = { reason: 'Invalid', code: 422 };

/** Judges writes by ValidatingAdmissionPolicies, as far as they are bound. */
export class AdmissionPolicies {
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #policies: Resource;
  readonly #bindings: Resource;

  constructor(store: Store, registry: Registry) {
    this.#store = store;
    this.#registry = registry;
    this.#policies = store.resource(`${GROUP}/validatingadmissionpolicies`);
    this.#bindings = store.resource(`${GROUP}/validatingadmissionpolicybindings`);
  }

  /** Whether any policy is bound. */
  get any(): boolean {
    return this.#bindings.size > 0;
  }

  /** @throws StatusError 422 by default when a policy denies the request */
  validate(request: AdmissionRequest, warn: (text: string) => void): void {
    const namespace = this.#namespaceOf(request);
    for (const { object } of this.#bindings.list()) {
      const binding = object as ValidatingAdmissionPolicyBinding;
      const policy = this.#policies.get(binding.spec?.policyName ?? '')?.object as
        | ValidatingAdmissionPolicy
        | undefined;
      if (!policy) continue;
      const violations = this.#violations(policy, binding, request, namespace);
      const actions = binding.spec?.validationActions ?? [];
      const names = `ValidatingAdmissionPolicy '${policy.metadata?.name}' with binding '${binding.metadata?.name}'`;
      if (actions.includes('Warn')) {
        for (const { message } of violations) warn(`Validation failed for ${names}: ${message}`);
      }
      if (actions.includes('Deny') && violations[0]) throw denial(request, names, violations[0]);
    }
  }

  #violations(
    policy: ValidatingAdmissionPolicy,
    binding: ValidatingAdmissionPolicyBinding,
    request: AdmissionRequest,
    namespace: KubeObject | undefined,
  ): Violation[] {
    const { matchConstraints, matchConditions, paramKind, failurePolicy } = policy.spec ?? {};
    const labels = namespace?.metadata?.labels;
    const scopes = [matchConstraints, binding.spec?.matchResources];
    if (!scopes.every((scope, i) => isWithin(scope, request, labels, i === 0))) return [];
    try {
      const { object, oldObject, ...described } = describeRequest(request, '');
      if (!holdConditions({ matchConditions }, { object, oldObject, ...described })) return [];
      const context: RequestContext = { object, oldObject, request: described, namespaceObject: namespace };
      const { paramRef } = binding.spec ?? {};
      if (!paramKind || !paramRef) return judge(policy, context);
      const params = this.#paramsOf(paramKind, paramRef, request);
      if (params.length === 0 && paramRef.parameterNotFoundAction === 'Deny') {
        throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction');
      }
      return params.flatMap((each) => judge(policy, { ...context, params: each }));
    } catch (error) {
      if (failurePolicy === 'Ignore') return [];
      return [{ message: `failed to configure policy: ${(error as Error).message}`, reason: INVALID.reason }];
    }
  }

  /** The objects that a binding takes its parameters from. @throws Error when there is no such kind */
  #paramsOf(
    { apiVersion = '', kind = '' }: { apiVersion?: string; kind?: string },
    { name, namespace, selector }: ParamRef,
    { target }: AdmissionRequest,
  ): KubeObject[] {
    const slash = apiVersion.indexOf('/');
    const [group, version] = [apiVersion.slice(0, Math.max(0, slash)), apiVersion.slice(slash + 1)];
    const found = this.#registry.groupVersion(group, version)?.find((each) => each.kind === kind);
    if (!found)
      throw new Error(`failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kind}'`);
    const resource = this.#registry.resourceOf(found);
    const home = found.namespaced ? (namespace ?? target.namespace) : undefined;
    if (name) {
      const entry = resource.get(keyOf(found, home, name));
      return entry ? [present(found, entry.object)] : [];
    }
    return resource
      .list(home)
      .filter(({ object }) => matchesSelector(selector, object.metadata?.labels))
      .map(({ object }) => present(found, object));
  }

  #namespaceOf({ target: { namespace } }: AdmissionRequest): KubeObject | undefined {
    if (namespace === undefined) return undefined;
    return this.#store.latest(this.#store.resource('/namespaces'), namespace)?.object;
  }
}

/** Whether a request is among what a policy or its binding is about. @param byRules whether rules must say so */
function isWithin(
  scope: MatchResources | undefined,
  request: AdmissionRequest,
  labels: Readonly<Record<string, string>> | undefined,
  byRules: boolean,
): boolean {
  const { resourceRules = [], excludeResourceRules = [] } = scope ?? {};
  const matches = (
    rule: MatchResources['resourceRules'] extends readonly (infer R)[] | undefined ? R : never,
  ) => {
    const names = (rule as { resourceNames?: string[] }).resourceNames ?? [];
    return matchesRule(rule as Rule, request) && (names.length === 0 || names.includes(request.target.name));
  };
  return (
    (resourceRules.length > 0 ? resourceRules.some(matches) : !byRules) &&
    !excludeResourceRules.some(matches) &&
    isSelected(scope ?? {}, request, labels)
  );
}

/** What the validations of a policy have against a request. */
function judge({ spec }: ValidatingAdmissionPolicy, given: RequestContext): Violation[] {
  const context = { ...given, variables: {} };
  for (const { name, expression } of spec?.variables ?? []) {
    let value: { is: unknown } | undefined;
    Object.defineProperty(context.variables, name, {
      enumerable: true,
      get: () => {
        value ??= { is: compileCondition(expression)(context) };
        return value.is;
      },
    });
  }
  return (spec?.validations ?? []).flatMap((validation): Violation[] => {
    const { expression, reason = INVALID.reason } = validation;
    try {
      if (compileCondition(expression)(context) === true) return [];
      return [{ message: messageOf(validation, context), reason }];
    } catch (error) {
      if (spec?.failurePolicy === 'Ignore') return [];
      const problem = (error as Error).message.split('\n')[0];
      return [{ message: `expression '${expression}' resulted in error: ${problem}`, reason }];
    }
  });
}

function messageOf({ expression, message, messageExpression }: Validation, context: RequestContext): string {
  if (messageExpression) {
    try {
      const text = compileCondition(messageExpression)(context);
      if (typeof text === 'string' && text.trim() !== '') return text.trim();
    } catch {
      // One that fails gives way to the plain message.
    }
  }
  return message?.trim() || `failed expression: ${expression.trim()}`;
}

function denial({ target }: AdmissionRequest, names: string, { message, reason }: Violation): StatusError {
  const text = `${names} denied request: ${message}`;
  const refused = forbidden(target.kind, target.name, text, [{ message: text }]);
  return new StatusError(CODES[reason] ?? INVALID.code, reason, refused.message, refused.details);
}
