import type { FlowSchema, PriorityLevelConfiguration } from 'kubernetes-types/flowcontrol/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { dnsSubdomain } from '../schema/names.ts';
import { check, forbidden, invalid, oneOf, required } from './checks.ts';
import { age, column, none, unknown } from './columns.ts';
import { type BuiltinKind, builtin } from './define.ts';

const shared = {
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  package: 'io.k8s.api.flowcontrol.v1',
  namespaced: false,
  status: true,
  generation: ['spec'],
  warnings: () => ['the embedded API server treats the requests of all users alike'],
} satisfies Partial<BuiltinKind>;

const DEFAULT_PRECEDENCE = 1000;
const MAX_PRECEDENCE = 10_000;

export const flowSchemas = builtin({
  ...shared,
  kind: 'FlowSchema',
  plural: 'flowschemas',
  allColumns: [
    column<FlowSchema>(
      'PriorityLevel',
      'Where its requests wait.',
      ({ spec }) => spec?.priorityLevelConfiguration?.name ?? '',
    ),
    column<FlowSchema>(
      'MatchingPrecedence',
      'The lowest that matches is taken.',
      ({ spec }) => spec?.matchingPrecedence ?? 0,
    ),
    column<FlowSchema>(
      'DistinguisherMethod',
      'What tells its flows apart.',
      ({ spec }) => spec?.distinguisherMethod?.type ?? none,
    ),
    age,
    column<FlowSchema>(
      'MissingPL',
      'Whether its priority level is missing.',
      ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
    ),
  ],
  defaults(object) {
    const { spec } = object as FlowSchema;
    if (!spec) return object;
    return {
      ...object,
      spec: { ...spec, matchingPrecedence: spec.matchingPrecedence || DEFAULT_PRECEDENCE },
    } as KubeObject;
  },
  validate: (object) => validateSchema(object as FlowSchema),
});

function validateSchema({ metadata, spec }: FlowSchema): FieldError[] {
  const { matchingPrecedence: precedence = 0, priorityLevelConfiguration } = spec ?? {};
  const errors: FieldError[] = [];
  if (precedence === 1 && metadata?.name !== 'exempt') {
    errors.push(
      invalid(
        'spec.matchingPrecedence',
        precedence,
        "only the schema named 'exempt' may have matchingPrecedence 1",
      ),
    );
  }
  if (precedence < 1 || precedence > MAX_PRECEDENCE) {
    const detail = `must be a value between 1 and ${MAX_PRECEDENCE}, inclusive`;
    errors.push(invalid('spec.matchingPrecedence', precedence, detail));
  }
  errors.push(
    ...oneOf('spec.distinguisherMethod.type', spec?.distinguisherMethod?.type, ['ByNamespace', 'ByUser']),
  );
  const name = priorityLevelConfiguration?.name ?? '';
  const field = 'spec.priorityLevelConfiguration.name';
  errors.push(
    ...(name ? check(field, name, dnsSubdomain) : [required(field, 'must reference a priority level')]),
  );
  for (const [i, rule] of (spec?.rules ?? []).entries()) {
    const at = `spec.rules[${i}]`;
    if (!rule.subjects?.length)
      errors.push(required(`${at}.subjects`, 'subjects must contain at least one value'));
    if (!rule.resourceRules?.length && !rule.nonResourceRules?.length) {
      const detail = 'at least one of resourceRules and nonResourceRules has to be non-empty';
      errors.push(required(at, detail));
    }
  }
  return errors;
}

const DEFAULT_SHARES = 30;
const QUEUING = { queues: 64, handSize: 8, queueLengthLimit: 50 };

export const priorityLevelConfigurations = builtin({
  ...shared,
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  columns: [
    column<PriorityLevelConfiguration>(
      'Type',
      'Whether its requests wait at all.',
      ({ spec }) => spec?.type ?? '',
    ),
    column<PriorityLevelConfiguration>(
      'NominalConcurrencyShares',
      'Its share of the requests that are worked on.',
      ({ spec }) => text((spec?.limited ?? spec?.exempt)?.nominalConcurrencyShares),
    ),
    ...(['queues', 'handSize', 'queueLengthLimit'] as const).map((name) =>
      column<PriorityLevelConfiguration>(
        `${name[0]?.toUpperCase()}${name.slice(1)}`,
        'How its requests wait.',
        ({ spec }) => text(spec?.limited?.limitResponse?.queuing?.[name]),
      ),
    ),
  ],
  defaults(object) {
    const { spec } = object as PriorityLevelConfiguration;
    if (!spec) return object;
    return { ...object, spec: { ...spec, ...defaultLevel(spec) } } as KubeObject;
  },
  validate: (object) => validateLevel(object as PriorityLevelConfiguration),
});

const text = (value: number | undefined) => (value === undefined ? none : String(value)) || unknown;

type LevelSpec = NonNullable<PriorityLevelConfiguration['spec']>;

function defaultLevel({ exempt, limited, type }: LevelSpec): Partial<LevelSpec> {
  if (type === 'Exempt') {
    return { exempt: { nominalConcurrencyShares: 0, lendablePercent: 0, ...exempt } };
  }
  if (!limited) return {};
  const { limitResponse } = limited;
  const queuing = limitResponse?.type === 'Queue' && { queuing: { ...QUEUING, ...limitResponse.queuing } };
  return {
    limited: {
      nominalConcurrencyShares: DEFAULT_SHARES,
      lendablePercent: 0,
      ...limited,
      ...(limitResponse && { limitResponse: { ...limitResponse, ...queuing } }),
    },
  };
}

function validateLevel({ metadata, spec }: PriorityLevelConfiguration): FieldError[] {
  const { type, limited, exempt } = spec ?? {};
  const errors: FieldError[] = [];
  if ((metadata?.name === 'exempt') !== (type === 'Exempt')) {
    const detail = "type must be 'Exempt' if and only if `name` is 'exempt'";
    errors.push(invalid('spec.type', type ?? '', detail));
  }
  if (type === 'Exempt') {
    if (limited) errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'));
  } else if (type === 'Limited') {
    if (exempt) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'));
    if (!limited) errors.push(required('spec.limited', 'must not be empty when type is Limited'));
    errors.push(
      ...oneOf('spec.limited.limitResponse.type', limited?.limitResponse?.type, ['Queue', 'Reject']),
    );
  } else {
    errors.push(...oneOf('spec.type', type ?? '', ['Exempt', 'Limited']));
  }
  return errors;
}
