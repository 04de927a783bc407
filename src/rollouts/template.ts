import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Affinity, PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import {
  EPHEMERAL_METADATA_ANNOTATION,
  equal,
  POD_TEMPLATE_HASH_LABEL,
  type PodMetadata,
  parseQuantity,
} from '../api/index.ts';

/** Whether a ReplicaSet has the pods that a template asks for (CAN §3.2). */

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Whether a ReplicaSet was made from this template. What the API server fills in and what the controller injects
 * (hash label, ephemeral metadata, anti-affinity to the stable pods) makes no difference.
 */
export function isMadeFrom(rs: ReplicaSet, template: PodTemplateSpec): boolean {
  const injected = injectedMetadata(rs);
  const own = withoutInjected(rs.spec?.template ?? {}, injected);
  return equal(withoutDefaults(own), withoutDefaults(withoutInjected(template, injected)));
}

/** Whether two templates differ in what nobody but the user writes: their containers' names and images. */
export function isPlainlyDifferent(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  const images = (template: PodTemplateSpec) =>
    [...(template.spec?.initContainers ?? []), ...(template.spec?.containers ?? [])].map(
      ({ name, image }) => `${name}=${image}`,
    );
  return !equal(images(a), images(b));
}

/** The metadata that the controller put on the pods of a ReplicaSet, as its annotation records it (CAN §10). */
export function injectedMetadata(rs: ReplicaSet): PodMetadata {
  const text = rs.metadata?.annotations?.[EPHEMERAL_METADATA_ANNOTATION];
  if (!text) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? (parsed as PodMetadata) : {};
  } catch {
    return {};
  }
}

function withoutInjected(template: PodTemplateSpec, injected: PodMetadata): PodTemplateSpec {
  const { labels, annotations } = template.metadata ?? {};
  const without = (values: Record<string, string> = {}, keys: Record<string, string> = {}) =>
    Object.fromEntries(
      Object.entries(values).filter(([key]) => key !== POD_TEMPLATE_HASH_LABEL && !Object.hasOwn(keys, key)),
    );
  return {
    metadata: {
      labels: without(labels, injected.labels),
      annotations: without(annotations, injected.annotations),
    },
    spec: template.spec && {
      ...template.spec,
      affinity: withoutHashTerms(template.spec.affinity),
      serviceAccount: undefined,
    },
  };
}

/** An affinity without the terms that keep the pods away from those of another hash (CAN §3.7). */
export function withoutHashTerms(affinity: Affinity | undefined): Affinity | undefined {
  const anti = affinity?.podAntiAffinity;
  if (!affinity || !anti) return affinity;
  const injected = (term: { labelSelector?: { matchExpressions?: { key: string }[] } }) =>
    (term.labelSelector?.matchExpressions ?? []).some(({ key }) => key === POD_TEMPLATE_HASH_LABEL);
  const required = anti.requiredDuringSchedulingIgnoredDuringExecution?.filter((term) => !injected(term));
  const preferred = anti.preferredDuringSchedulingIgnoredDuringExecution?.filter(
    (term) => !injected(term.podAffinityTerm),
  );
  const rest = {
    ...(required?.length && { requiredDuringSchedulingIgnoredDuringExecution: required }),
    ...(preferred?.length && { preferredDuringSchedulingIgnoredDuringExecution: preferred }),
  };
  const result: Affinity = { ...affinity, podAntiAffinity: rest };
  if (Object.keys(rest).length === 0) delete result.podAntiAffinity;
  return Object.keys(result).length > 0 ? result : undefined;
}

/** Values that Kubernetes fills in, by the name of the field; in a pod template these names mean nothing else. */
const defaults: Record<string, readonly unknown[]> = {
  restartPolicy: ['Always'],
  dnsPolicy: ['ClusterFirst'],
  schedulerName: ['default-scheduler'],
  terminationGracePeriodSeconds: [30],
  enableServiceLinks: [true],
  preemptionPolicy: ['PreemptLowerPriority'],
  terminationMessagePath: ['/dev/termination-log'],
  terminationMessagePolicy: ['File'],
  protocol: ['TCP'],
  scheme: ['HTTP'],
  timeoutSeconds: [1],
  periodSeconds: [10],
  successThreshold: [1],
  failureThreshold: [3],
  initialDelaySeconds: [0],
  apiVersion: ['v1'],
  defaultMode: [420],
  expirationSeconds: [3600],
  divisor: ['0'],
  hostNetwork: [false],
  hostPID: [false],
  hostIPC: [false],
  readOnly: [false],
  optional: [false],
  stdin: [false],
  stdinOnce: [false],
  tty: [false],
};

/** What is left of a value that says something: no defaults, no empty objects, lists or strings, no nulls. */
function withoutDefaults(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutDefaults(item));
  if (!isObject(value)) return value;
  const result: Json = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === null || member === undefined || defaults[name]?.includes(member)) continue;
    if (name === 'creationTimestamp') continue;
    if (name === 'imagePullPolicy' && member === defaultPullPolicy(value.image)) continue;
    if (name === 'path' && key === 'httpGet' && member === '/') continue;
    if (name === 'type' && key === 'hostPath' && member === '') continue;
    const rest = isQuantities(name, key) ? canonicalQuantities(member) : withoutDefaults(member, name);
    if (isObject(rest) && Object.keys(rest).length === 0 && !isMeaningfulWhenEmpty(name)) continue;
    if (Array.isArray(rest) && rest.length === 0) continue;
    result[name] = rest;
  }
  if (key === 'resources') addDefaultRequests(result);
  return result;
}

/** `emptyDir: {}` is a choice, `resources: {}` is none. */
const isMeaningfulWhenEmpty = (name: string) => name === 'emptyDir';

function defaultPullPolicy(image: unknown): string {
  const reference = typeof image === 'string' ? image : '';
  if (reference.includes('@')) return 'IfNotPresent';
  const tag = /:([^/:]+)$/.exec(reference)?.[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

const isQuantities = (name: string, parent: string) =>
  parent === 'resources' && (name === 'limits' || name === 'requests');

/** Kubernetes asks for what is limited when nothing is asked for. */
function addDefaultRequests(resources: Json): void {
  if (!isObject(resources.limits)) return;
  resources.requests = { ...resources.limits, ...(isObject(resources.requests) ? resources.requests : {}) };
}

function canonicalQuantities(quantities: unknown): unknown {
  if (!isObject(quantities)) return quantities;
  return Object.fromEntries(Object.entries(quantities).map(([name, text]) => [name, quantity(text)]));
}

/** `500m`, `0.5` and `5e-1` are the same amount; what cannot be read stays as it is. */
function quantity(text: unknown): unknown {
  return parseQuantity(String(text)) ?? text;
}
