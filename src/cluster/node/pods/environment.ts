import type {
  ConfigMap,
  Container,
  EnvVar,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Service,
} from 'kubernetes-types/core/v1.d.ts';
import type { Image } from '../runtime/runtime.ts';
import { fieldValue, type PodFacts, resourceValue } from './fields.ts';

/** What a container's environment and volumes are made of beside the pod itself. */
export interface Sources {
  configMap(namespace: string, name: string): ConfigMap | undefined;
  secret(namespace: string, name: string): Secret | undefined;
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
}

/** A container cannot be set up yet: `CreateContainerConfigError`. */
export class ContainerConfigError extends Error {
  override name = 'ContainerConfigError';
}

export interface EnvironmentInput {
  facts: PodFacts;
  container: Container;
  image: Image;
  sources: Sources;
  /** Services of the pod's namespace that have an address. */
  services: readonly ServiceAddress[];
  /** What every program of this machine gets: PATH, HOME and the like. */
  base: Readonly<Record<string, string>>;
  /** Port that the program is told to listen on, after the node's own mapping. */
  port?: number | undefined;
}

export interface ServiceAddress {
  service: Service;
  host: string;
  /** In the order of the Service's ports. */
  ports: readonly number[];
}

/**
 * A container's whole environment. Later ones win: the machine's, the image's, the Services', the pod's address and
 * name, `envFrom`, `env`.
 * @throws ContainerConfigError when a ConfigMap, a Secret or a key is missing; FieldError
 */
export function environmentOf(input: EnvironmentInput): Record<string, string> {
  const { facts, container, image, services, base } = input;
  const env: Record<string, string> = { ...base };
  for (const [name, value] of Object.entries(image.env)) env[name] = value;
  if (facts.pod.spec?.enableServiceLinks !== false) {
    for (const address of services) Object.assign(env, serviceVariables(address));
  }
  Object.assign(env, podVariables(input));
  const own = { ...envFrom(container, facts.pod, input.sources) };
  Object.assign(env, own);
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, env, input);
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

function podVariables({ facts, port, image }: EnvironmentInput): Record<string, string> {
  const { name = '', namespace = '' } = facts.pod.metadata ?? {};
  const own = { HOSTNAME: facts.pod.spec?.hostname ?? name };
  if (image.ownRoot) return own;
  return {
    ...own,
    HOST: facts.podIP,
    ...(port !== undefined && { PORT: String(port) }),
    POD_IP: facts.podIP,
    POD_NAME: name,
    POD_NAMESPACE: namespace,
  };
}

/** `NAME_SERVICE_HOST`, `NAME_SERVICE_PORT`, and the older variables of linked containers. */
function serviceVariables({ service, host, ports }: ServiceAddress): Record<string, string> {
  const prefix = (service.metadata?.name ?? '').toUpperCase().replaceAll('-', '_');
  const result: Record<string, string> = { [`${prefix}_SERVICE_HOST`]: host };
  service.spec?.ports?.forEach((port, index) => {
    const number = ports[index] ?? port.port;
    const protocol = port.protocol ?? 'TCP';
    const url = `${protocol.toLowerCase()}://${host}:${number}`;
    const link = `${prefix}_PORT_${port.port}_${protocol}`;
    if (index === 0) {
      result[`${prefix}_SERVICE_PORT`] = String(number);
      result[`${prefix}_PORT`] = url;
    }
    if (port.name) {
      result[`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`] = String(number);
    }
    result[link] = url;
    result[`${link}_PROTO`] = protocol.toLowerCase();
    result[`${link}_PORT`] = String(number);
    result[`${link}_ADDR`] = host;
  });
  return result;
}

function envFrom(container: Container, pod: Pod, sources: Sources): Record<string, string> {
  const namespace = pod.metadata?.namespace ?? '';
  const result: Record<string, string> = {};
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const ref = configMapRef ?? secretRef;
    if (!ref?.name) continue;
    const data = configMapRef
      ? sources.configMap(namespace, ref.name)?.data
      : decoded(sources.secret(namespace, ref.name));
    const exists = configMapRef
      ? sources.configMap(namespace, ref.name)
      : sources.secret(namespace, ref.name);
    if (!exists && !ref.optional) throw notFound(configMapRef ? 'configmap' : 'secret', ref.name);
    for (const [key, value] of Object.entries(data ?? {})) result[`${prefix}${key}`] = value;
  }
  return result;
}

function decoded(secret: Secret | undefined): Record<string, string> | undefined {
  const entries = Object.entries(secret?.data ?? {});
  return (
    secret &&
    Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
  );
}

const notFound = (kind: string, name: string) =>
  new ContainerConfigError(`${kind} ${JSON.stringify(name)} not found`);

function variableValue(
  { value, valueFrom }: EnvVar,
  env: Record<string, string>,
  { facts, container, sources }: EnvironmentInput,
): string | undefined {
  if (!valueFrom) return expandVariables(value ?? '', env);
  if (valueFrom.fieldRef) return fieldValue(valueFrom.fieldRef.fieldPath, facts);
  if (valueFrom.resourceFieldRef) {
    const { containerName } = valueFrom.resourceFieldRef;
    const other = facts.pod.spec?.containers.find(({ name }) => name === containerName);
    return resourceValue(valueFrom.resourceFieldRef, other ?? container, facts.capacity);
  }
  const namespace = facts.pod.metadata?.namespace ?? '';
  const { configMapKeyRef, secretKeyRef } = valueFrom;
  const ref = configMapKeyRef ?? secretKeyRef;
  if (!ref?.name) return undefined;
  const kind = configMapKeyRef ? 'configmap' : 'secret';
  const object = configMapKeyRef
    ? sources.configMap(namespace, ref.name)
    : sources.secret(namespace, ref.name);
  if (!object) {
    if (ref.optional) return undefined;
    throw notFound(kind, ref.name);
  }
  const data = configMapKeyRef ? (object as ConfigMap).data : decoded(object as Secret);
  const found = data?.[ref.key];
  if (found === undefined && !ref.optional) {
    const where = `${kind === 'configmap' ? 'ConfigMap' : 'Secret'} ${namespace}/${ref.name}`;
    throw new ContainerConfigError(`couldn't find key ${ref.key} in ${where}`);
  }
  return found;
}

/** Replaces `$(NAME)` by the variable's value; `$$(NAME)` gives `$(NAME)`; an unknown name stays as it is. */
export function expandVariables(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^()]*)\)/g, (match, name: string | undefined) => {
    if (match === '$$') return '$';
    return env[name ?? ''] ?? match;
  });
}

/** The command line: the pod's `command` and `args` instead of the image's, with variables filled in. */
export function commandLine(
  container: Container,
  image: Image,
  env: Readonly<Record<string, string>>,
): string[] {
  const command = container.command?.length ? container.command : image.command;
  const ownArgs = container.args?.length ? container.args : undefined;
  const args = ownArgs ?? (container.command?.length ? [] : image.args);
  return [...command, ...args].map((text) => expandVariables(text, env));
}
