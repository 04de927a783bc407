import type { PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import { type Attributes, isPath } from '../attributes.ts';

const ANY = '*';

/** Whether one rule allows a request. */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false;
  if (isPath(attributes))
    return rule.nonResourceURLs?.some((url) => pathMatches(url, attributes.path)) ?? false;
  const { group, resource, subresource, name = '' } = attributes;
  return (
    has(rule.apiGroups, group) &&
    (rule.resources?.some((given) => resourceMatches(given, resource, subresource)) ?? false) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(name))
  );
}

const has = (list: readonly string[] | undefined, wanted: string) =>
  list !== undefined && (list.includes(ANY) || list.includes(wanted));

/** `*` is every resource with its subresources, `*` + `/scale` that subresource of each. */
function resourceMatches(given: string, resource: string, subresource: string | undefined): boolean {
  if (given === ANY) return true;
  if (!subresource) return given === resource;
  return given === `${resource}/${subresource}` || given === `${ANY}/${subresource}`;
}

/** A `*` at the end stands for any rest. */
export function pathMatches(given: string, path: string): boolean {
  return given === path || (given.endsWith(ANY) && path.startsWith(given.slice(0, -1)));
}
