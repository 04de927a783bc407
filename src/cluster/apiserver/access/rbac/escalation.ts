import type { PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import { pathMatches } from './rules.ts';

/** Every right there is. */
export const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** The parts of `wanted` that `held` does not give; each names one verb of one resource or path. */
export function missingRights(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(parts).filter((part) => !held.some((rule) => covers(rule, part)));
}

/** A rule taken apart into rules with one value in each list; one that is incomplete gives nothing. */
function parts({
  verbs = [],
  apiGroups,
  resources,
  resourceNames,
  nonResourceURLs,
}: PolicyRule): PolicyRule[] {
  const names: (string[] | undefined)[] = resourceNames?.length
    ? resourceNames.map((name) => [name])
    : [undefined];
  const ofResources = (apiGroups ?? []).flatMap((group) =>
    (resources ?? []).flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((name) => ({
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          ...(name && { resourceNames: name }),
        })),
      ),
    ),
  );
  const ofPaths = (nonResourceURLs ?? []).flatMap((url) =>
    verbs.map((verb) => ({ verbs: [verb], nonResourceURLs: [url] })),
  );
  return [...ofResources, ...ofPaths];
}

/** Whether a rule gives all that a part asks for. */
function covers(rule: PolicyRule, part: PolicyRule): boolean {
  const all = (given: string[] | undefined, wanted: string[] | undefined) =>
    (wanted ?? []).every((value) => given?.includes('*') || given?.includes(value));
  const names = rule.resourceNames ?? [];
  return (
    all(rule.verbs, part.verbs) &&
    all(rule.apiGroups, part.apiGroups) &&
    (part.resources ?? []).every((resource) => coversResource(rule.resources ?? [], resource)) &&
    (part.nonResourceURLs ?? []).every((url) =>
      (rule.nonResourceURLs ?? []).some((given) => pathMatches(given, url)),
    ) &&
    (names.length === 0 || (part.resourceNames ?? ['']).every((name) => names.includes(name)))
  );
}

function coversResource(given: readonly string[], resource: string): boolean {
  const subresource = /\/(.*)/.exec(resource)?.[1];
  return (
    given.includes('*') || given.includes(resource) || (!!subresource && given.includes(`*/${subresource}`))
  );
}

/** Rights as a refusal lists them: the verbs of one resource together, a line for each, sorted. */
export function rightsText(rights: readonly PolicyRule[]): string {
  const merged = new Map<string, PolicyRule>();
  for (const { verbs, ...on } of rights) {
    // Paths are told one by one.
    const key = JSON.stringify(on.nonResourceURLs ? { ...on, verbs } : on);
    merged.set(key, { ...on, verbs: [...(merged.get(key)?.verbs ?? []), ...verbs] });
  }
  return [...new Set([...merged.values()].map(ruleText))].sort().join('\n');
}

function ruleText({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }: PolicyRule): string {
  const lists: [string, string[] | undefined][] = [
    ['APIGroups', apiGroups],
    ['Resources', resources],
    ['ResourceNames', resourceNames],
    ['NonResourceURLs', nonResourceURLs],
    ['Verbs', verbs],
  ];
  const given = lists
    .filter(([, list]) => list?.length)
    .map(([name, list]) => `${name}:${quoteList(list ?? [])}`);
  return `{${given.join(', ')}}`;
}

/** `["a" "b"]`, as Go prints a list. */
export const quoteList = (list: readonly string[]) =>
  `[${list.map((text) => JSON.stringify(text)).join(' ')}]`;
