import type { LimitRange, LimitRangeItem, ResourceQuota } from 'kubernetes-types/core/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { qualifiedName } from '../schema/names.ts';
import { compareQuantities } from '../schema/quantity.ts';
import { check, duplicate, forbidden, immutable, invalid, required } from './checks.ts';
import { column, createdAt } from './columns.ts';
import { builtin } from './define.ts';

type Quantities = Record<string, string | number>;

/** Names without a domain that a quota may count or bound. */
const quotaNames = new Set([
  ...['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
  ...['requests.storage', 'pods', 'resourcequotas', 'services', 'services.nodeports'],
  ...['services.loadbalancers', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims'],
]);
const limitNames = new Set(['cpu', 'memory', 'ephemeral-storage', 'storage', 'pods']);
const isHugePages = (name: string) => /^(requests\.)?hugepages-/.test(name);

export const resourceQuotas = builtin({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  package: 'io.k8s.api.core.v1',
  shortNames: ['quota'],
  status: true,
  returnsDeletedObject: true,
  columns: [
    column<ResourceQuota>('Request', 'What is requested, of what may be.', (quota) =>
      usageCell(quota, (name) => !name.startsWith('limits')),
    ),
    column<ResourceQuota>('Limit', 'The sum of the limits, and its bound.', (quota) =>
      usageCell(quota, (name) => name.startsWith('limits')),
    ),
  ],
  validate: (object) => validateQuota(object as ResourceQuota),
  validateUpdate(next, old, subresource) {
    const scopes = (object: KubeObject) => [...((object as ResourceQuota).spec?.scopes ?? [])].sort();
    return subresource ? [] : immutable('spec.scopes', scopes(next), scopes(old));
  },
});

function usageCell({ status }: ResourceQuota, belongs: (name: string) => boolean): string {
  const names = Object.keys(status?.hard ?? {}).filter(belongs);
  return names
    .sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${status?.hard?.[name]}`)
    .join(', ');
}

function validateQuota({ spec, status }: ResourceQuota): FieldError[] {
  return [
    ...validateQuantities(spec?.hard, 'spec.hard'),
    ...validateQuantities(status?.hard, 'status.hard'),
    ...validateQuantities(status?.used, 'status.used'),
  ];
}

function validateQuantities(quantities: Quantities | undefined, field: string): FieldError[] {
  return Object.entries(quantities ?? {}).flatMap(([name, value]) => {
    const at = `${field}[${name}]`;
    const errors = check(at, name, qualifiedName);
    if (!name.includes('/') && !quotaNames.has(name) && !isHugePages(name)) {
      errors.push(invalid(at, name, 'must be a standard resource for quota'));
    }
    if (compareQuantities(value, 0) < 0) {
      errors.push(invalid(at, value, 'must be greater than or equal to 0'));
    }
    return errors;
  });
}

export const limitRanges = builtin({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  package: 'io.k8s.api.core.v1',
  shortNames: ['limits'],
  allowCreateOnUpdate: true,
  allColumns: [createdAt],
  defaults(object) {
    const { spec } = object as LimitRange;
    if (!spec?.limits) return object;
    return { ...object, spec: { ...spec, limits: spec.limits.map(defaultItem) } } as KubeObject;
  },
  validate: (object) => validateLimits((object as LimitRange).spec?.limits ?? []),
});

/** What is not said for containers follows from what is: the limit from the maximum, the request from the limit. */
function defaultItem(item: LimitRangeItem): LimitRangeItem {
  if (item.type !== 'Container') return item;
  const limit = { ...item.max, ...item.default };
  return {
    ...item,
    default: limit,
    defaultRequest: { ...item.min, ...limit, ...item.defaultRequest },
  };
}

function validateLimits(limits: readonly LimitRangeItem[]): FieldError[] {
  const errors: FieldError[] = [];
  const types = new Set<string>();
  for (const [i, item] of limits.entries()) {
    const field = `spec.limits[${i}]`;
    const { type } = item;
    if (!type) errors.push(required(`${field}.type`));
    else if (types.has(type)) errors.push(duplicate(`${field}.type`, type));
    types.add(type);
    for (const kind of ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const) {
      errors.push(...validateLimitNames(item[kind], `${field}.${kind}`));
    }
    for (const kind of ['default', 'defaultRequest'] as const) {
      if (type !== 'Pod' || !item[kind]) continue;
      errors.push(forbidden(`${field}.${kind}`, "may not be specified when `type` is 'Pod'"));
    }
    errors.push(...validateOrder(item, field));
  }
  return errors;
}

function validateLimitNames(quantities: Quantities | undefined, field: string): FieldError[] {
  return Object.keys(quantities ?? {}).flatMap((name) => {
    const at = `${field}[${name}]`;
    const errors = check(at, name, qualifiedName);
    if (!name.includes('/') && !limitNames.has(name) && !isHugePages(name)) {
      errors.push(invalid(at, name, 'must be a standard resource type or fully qualified'));
    }
    return errors;
  });
}

/** The minimum is not above the default request, that not above the default limit, that not above the maximum. */
function validateOrder(item: LimitRangeItem, field: string): FieldError[] {
  const levels = [
    ['min', 'min value'],
    ['defaultRequest', 'default request value'],
    ['default', 'default limit value'],
    ['max', 'max value'],
  ] as const;
  const errors: FieldError[] = [];
  for (const [i, [lower, lowerText]] of levels.entries()) {
    for (const [upper, upperText] of levels.slice(i + 1)) {
      for (const [name, value] of Object.entries(item[lower] ?? {})) {
        const bound = item[upper]?.[name];
        if (bound === undefined || compareQuantities(value, bound) <= 0) continue;
        const detail = `${lowerText} ${value} is greater than ${upperText} ${bound}`;
        errors.push(invalid(`${field}.${lower}[${name}]`, value, detail));
      }
    }
  }
  return errors;
}
