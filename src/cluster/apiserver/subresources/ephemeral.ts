import type { EphemeralContainer, Pod } from 'kubernetes-types/core/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import type { SubresourceHandler } from '../http/context.ts';
import type { Kind } from '../kinds/kind.ts';
import { servePart } from './part.ts';

/** `pods/<name>/ephemeralcontainers`: adds containers to a pod that runs, as `kubectl debug` does. */
export const podEphemeralContainers: SubresourceHandler = {
  group: '',
  plural: 'pods',
  subresource: 'ephemeralcontainers',
  kind: { group: '', version: 'v1', kind: 'Pod' },
  methods: { GET: 'get', PATCH: 'patch', PUT: 'update' },
  async handle(context, exchange, target) {
    await servePart(context, exchange, target, debugged(target.kind));
  },
};

/** Pods of which nothing changes but the containers for debugging. */
function debugged(pods: Kind): Kind {
  const { strategy } = pods;
  return {
    ...pods,
    strategy: {
      ...strategy,
      prepareForUpdate(next, old) {
        const { managedFields } = next.metadata ?? {};
        const { ephemeralContainers } = (next as Pod).spec ?? {};
        const metadata = { ...old.metadata, ...(managedFields && { managedFields }) };
        const spec = { ...(old as Pod).spec, ephemeralContainers };
        const changed = { ...old, metadata, spec } as KubeObject;
        return strategy.prepareForUpdate?.(changed, old, undefined) ?? changed;
      },
      validateUpdate: (next, old) => validateContainers(next as Pod, old as Pod),
    },
  };
}

const FIELD = 'spec.ephemeralContainers';
/** What a container for debugging has not: it is given nothing of its own, and nobody relies on it. */
const NOT_ALLOWED = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resources',
  'resizePolicy',
  'restartPolicy',
] as const;

function validateContainers({ spec }: Pod, old: Pod): FieldError[] {
  const containers = spec?.ephemeralContainers ?? [];
  const others = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const taken = new Set(others.map(({ name }) => name));
  const errors = containers.flatMap((container, i) => {
    const field = `${FIELD}[${i}]`;
    const problems = validateContainer(container, field);
    if (taken.has(container.name)) {
      problems.push({
        type: 'FieldValueDuplicate',
        field: `${field}.name`,
        value: container.name,
        detail: '',
      });
    }
    taken.add(container.name);
    const { targetContainerName: wanted } = container;
    if (wanted && !others.some(({ name }) => name === wanted)) {
      const name = `${field}.targetContainerName`;
      problems.push({ type: 'FieldValueNotFound', field: name, value: wanted, detail: '' });
    }
    return problems;
  });
  return [...errors, ...validateKept(containers, old.spec?.ephemeralContainers ?? [])];
}

function validateContainer(container: EphemeralContainer, field: string): FieldError[] {
  const given = container as unknown as Record<string, unknown>;
  const missing = ['name', 'image'].filter((name) => !given[name]);
  const unwanted = NOT_ALLOWED.filter((name) => {
    const value = given[name];
    return value !== undefined && !(typeof value === 'object' && Object.keys(value ?? {}).length === 0);
  });
  return [
    ...missing.map((name): FieldError => {
      return { type: 'FieldValueRequired', field: `${field}.${name}`, detail: '' };
    }),
    ...unwanted.map((name): FieldError => {
      const detail = 'cannot be set for an Ephemeral Container';
      return { type: 'FieldValueForbidden', field: `${field}.${name}`, detail };
    }),
  ];
}

function validateKept(
  containers: readonly EphemeralContainer[],
  earlier: readonly EphemeralContainer[],
): FieldError[] {
  return earlier.flatMap((container): FieldError[] => {
    const now = containers.find(({ name }) => name === container.name);
    if (now && equal(now, container)) return [];
    const detail = `existing ephemeral containers "${container.name}" may not be ${now ? 'changed' : 'removed'}`;
    return [{ type: 'FieldValueForbidden', field: FIELD, detail }];
  });
}
