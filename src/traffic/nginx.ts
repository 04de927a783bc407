import type { Ingress, IngressBackend, IngressRule } from 'kubernetes-types/networking/v1.d.ts';
import {
  controllerOf,
  controllerReference,
  diffMergePatch,
  Ingresses,
  type NginxRouting,
  type Rollout,
  Rollouts,
} from '../api/index.ts';
import {
  emptyPlan,
  type Router,
  type RoutingPlan,
  type TrafficRequest,
  type TrafficSplit,
} from './router.ts';

/**
 * ingress-nginx (TRF §12.1): beside each stable Ingress a canary Ingress with the same rules for the canary Service and
 * annotations that give it its share. The stable Ingress is never changed.
 */
export const nginx: Router = { type: 'Nginx', plan };

const DEFAULT_PREFIX = 'nginx.ingress.kubernetes.io';
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const SUFFIX = '-canary';
const MAX_NAME = 253;
/** ingress-nginx ignores a `canary-weight-total` below this. */
const LEAST_TOTAL = 100;

/** Names of the Ingresses that carry the stable Service. */
export function stableIngressNames(routing: NginxRouting): string[] {
  if (routing.stableIngresses?.length) return routing.stableIngresses;
  return routing.stableIngress ? [routing.stableIngress] : [];
}

/** Name of the canary Ingress beside a stable one (TRF-058). */
export function canaryIngressName(rollout: string, stableIngress: string): string {
  return `${rollout}-${stableIngress}`.slice(0, MAX_NAME - SUFFIX.length) + SUFFIX;
}

/** Whether any path of an Ingress leads to a Service. */
export function routesToService(ingress: Ingress, service: string): boolean {
  return (ingress.spec?.rules ?? []).some((rule) => hasBackend(rule, service));
}

const hasBackend = (rule: IngressRule, service: string) =>
  (rule.http?.paths ?? []).some(({ backend }) => backend.service?.name === service);

function plan(request: TrafficRequest): RoutingPlan {
  const { rollout, routing, ingresses, split } = request;
  const result = emptyPlan();
  const config = routing.nginx;
  if (!config) return result;
  for (const name of stableIngressNames(config)) planIngress(name);
  return result;

  function planIngress(stableName: string): void {
    const stable = ingresses.get(stableName);
    if (!stable) {
      result.errors.push(`error retrieving stableIngress \`${stableName}\` from cache: not found`);
      return;
    }
    if (!routesToService(stable, split.stable.serviceName)) {
      result.errors.push(
        `ingress \`${stableName}\` has no rules using service ${split.stable.serviceName} backend`,
      );
      return;
    }
    const desired = canaryIngress(rollout, stable, config ?? {}, routing.maxTrafficWeight, split);
    const name = desired.metadata?.name ?? '';
    const existing = ingresses.get(name);
    const ref = { type: Ingresses, namespace: rollout.metadata.namespace, name };
    const weight = split.canary.weight;
    if (!existing) {
      result.effects.push({ kind: 'create', what: `create canary Ingress ${name}`, ref, object: desired });
      result.events.push({
        type: 'Normal',
        reason: 'CreatingCanaryIngress',
        message: `Creating canary ingress \`${name}\` with weight \`${weight}\``,
      });
      return;
    }
    if (controllerOf(existing)?.uid !== rollout.metadata.uid) {
      result.errors.push(`canary ingress \`${name}\` controlled by different object`);
      return;
    }
    const patch = diffMergePatch(
      {
        metadata: { labels: existing.metadata?.labels ?? {}, annotations: existing.metadata?.annotations },
        spec: existing.spec,
      },
      {
        metadata: {
          labels: {},
          annotations: { ...existing.metadata?.annotations, ...desired.metadata?.annotations },
        },
        spec: desired.spec,
      },
    );
    if (!patch) return;
    result.effects.push({
      kind: 'patch',
      what: `set weight ${weight} on canary Ingress ${name}`,
      ref,
      patch,
      resourceVersion: existing.metadata?.resourceVersion,
    });
    result.events.push({
      type: 'Normal',
      reason: 'PatchingCanaryIngress',
      message: `Updating Ingress \`${name}\` to desiredWeight '${weight}'`,
    });
  }
}

function canaryIngress(
  rollout: Rollout,
  stable: Ingress,
  config: NginxRouting,
  maxTrafficWeight: number | undefined,
  split: TrafficSplit,
): Ingress {
  const { ingressClassName, tls, rules = [] } = stable.spec ?? {};
  const ingressClass = stable.metadata?.annotations?.[CLASS_ANNOTATION];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: canaryIngressName(rollout.metadata.name ?? '', stable.metadata?.name ?? ''),
      namespace: rollout.metadata.namespace,
      annotations: {
        ...(ingressClass !== undefined && { [CLASS_ANNOTATION]: ingressClass }),
        ...annotations(config, maxTrafficWeight, split),
      },
      ownerReferences: [controllerReference(Rollouts, rollout)],
    },
    spec: {
      ...(ingressClassName !== undefined && { ingressClassName }),
      ...(tls && { tls }),
      rules: rules
        .filter((rule) => hasBackend(rule, split.stable.serviceName))
        .map((rule) => withService(rule, split.stable.serviceName, split.canary.serviceName)),
    },
  };
}

/** Additional ones, then the user's verbatim ones, then those that the controller must have its way with (TRF-060). */
function annotations(
  config: NginxRouting,
  maxTrafficWeight: number | undefined,
  { canary, maxWeight }: TrafficSplit,
): Record<string, string> {
  const prefix = config.annotationPrefix || DEFAULT_PREFIX;
  const prefixed = (key: string) => (key.startsWith(prefix) ? key : `${prefix}/${key}`);
  const total = Math.max(maxWeight, LEAST_TOTAL);
  const weight = maxWeight < LEAST_TOTAL ? Math.round((canary.weight * total) / maxWeight) : canary.weight;
  return {
    ...Object.fromEntries(
      Object.entries(config.additionalIngressAnnotations ?? {}).map(([key, value]) => [prefixed(key), value]),
    ),
    ...config.canaryIngressAnnotations,
    [`${prefix}/canary`]: 'true',
    [`${prefix}/canary-weight`]: String(weight),
    ...(maxTrafficWeight !== undefined && { [`${prefix}/canary-weight-total`]: String(total) }),
  };
}

function withService(rule: IngressRule, from: string, to: string): IngressRule {
  const change = (backend: IngressBackend): IngressBackend =>
    backend.service?.name === from ? { ...backend, service: { ...backend.service, name: to } } : backend;
  return {
    ...rule,
    http: { paths: (rule.http?.paths ?? []).map((path) => ({ ...path, backend: change(path.backend) })) },
  };
}

/** Deletes the canary Ingresses of a Rollout that it no longer asks for (TRF-066). */
export function removeUnusedCanaryIngresses(
  rollout: Rollout,
  ingresses: ReadonlyMap<string, Ingress>,
): RoutingPlan {
  const config = rollout.spec.strategy?.canary?.trafficRouting?.nginx;
  const wanted = new Set(
    config
      ? stableIngressNames(config).map((name) => canaryIngressName(rollout.metadata.name ?? '', name))
      : [],
  );
  const result = emptyPlan();
  for (const [name, ingress] of ingresses) {
    const { uid, deletionTimestamp, namespace } = ingress.metadata ?? {};
    if (wanted.has(name) || deletionTimestamp || controllerOf(ingress)?.uid !== rollout.metadata.uid)
      continue;
    result.effects.push({
      kind: 'delete',
      what: `delete canary Ingress ${name}, which is no longer asked for`,
      ref: { type: Ingresses, namespace, name },
      uid,
    });
  }
  return result;
}
