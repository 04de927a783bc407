import type { LifecycleHandler, Probe } from 'kubernetes-types/core/v1.d.ts';
import type { FieldError } from '../../errors.ts';
import { httpHeaderName, portName, portNumber } from '../../schema/names.ts';
import { check, forbidden, invalid, nonNegative, oneOf, positive, required } from '../checks.ts';

/** What Kubernetes refuses of how containers are asked how they are, and of what they do at their start and end. */

type Handler = Omit<Probe, 'initialDelaySeconds'> &
  Pick<LifecycleHandler, 'exec'> & { sleep?: { seconds?: number } };
export type ProbeName = 'livenessProbe' | 'readinessProbe' | 'startupProbe';

const TIMES = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

export function validateProbe(probe: Probe | undefined, field: string, name: ProbeName): FieldError[] {
  if (!probe) return [];
  const errors = validateHandler(probe, field);
  for (const time of TIMES) errors.push(...nonNegative(`${field}.${time}`, probe[time]));
  const grace = probe.terminationGracePeriodSeconds;
  const at = `${field}.terminationGracePeriodSeconds`;
  if (name === 'readinessProbe') {
    if (grace !== undefined) errors.push(invalid(at, grace, 'must not be set for readinessProbes'));
    return errors;
  }
  errors.push(...positive(at, grace));
  if ((probe.successThreshold ?? 1) !== 1) {
    errors.push(invalid(`${field}.successThreshold`, probe.successThreshold, 'must be 1'));
  }
  return errors;
}

/** @param graceSeconds how long the pod has to end, within which a sleep must be over */
export function validateHook(
  hook: LifecycleHandler | undefined,
  field: string,
  graceSeconds: number | undefined,
): FieldError[] {
  return hook ? validateHandler(hook, field, graceSeconds) : [];
}

/** The one thing that is done: the first of several counts, and the others are refused. */
function validateHandler(handler: Handler, field: string, graceSeconds?: number): FieldError[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const rules: [string, boolean, () => FieldError[]][] = [
    ['exec', !!exec, () => (exec?.command?.length ? [] : [required(`${field}.exec.command`)])],
    ['httpGet', !!httpGet, () => validateHttpGet(httpGet ?? {}, `${field}.httpGet`)],
    ['tcpSocket', !!tcpSocket, () => validatePort(tcpSocket?.port, `${field}.tcpSocket.port`)],
    ['grpc', !!grpc, () => validatePort(grpc?.port, `${field}.grpc.port`)],
    ['sleep', !!sleep, () => validateSleep(sleep?.seconds ?? 0, `${field}.sleep`, graceSeconds ?? 0)],
  ];
  const [first, ...others] = rules.filter(([, isGiven]) => isGiven);
  if (!first) return [required(field, 'must specify a handler type')];
  return [
    ...first[2](),
    ...others.map(([name]) => forbidden(`${field}.${name}`, 'may not specify more than 1 handler type')),
  ];
}

function validateHttpGet(action: Partial<NonNullable<Probe['httpGet']>>, field: string): FieldError[] {
  const { path, port, scheme, httpHeaders = [] } = action;
  return [
    ...(path ? [] : [required(`${field}.path`)]),
    ...validatePort(port, `${field}.port`),
    ...oneOf(`${field}.scheme`, scheme, ['HTTP', 'HTTPS']),
    ...httpHeaders.flatMap(({ name }) => check(`${field}.httpHeaders`, name ?? '', httpHeaderName)),
  ];
}

function validatePort(port: number | string | undefined, field: string): FieldError[] {
  const problems = typeof port === 'string' ? portName(port) : portNumber(port ?? 0);
  return problems.map((problem) => invalid(field, port ?? 0, problem));
}

function validateSleep(seconds: number, field: string, graceSeconds: number): FieldError[] {
  if (seconds >= 0 && seconds <= graceSeconds) return [];
  const detail = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
  return [invalid(field, seconds, detail)];
}
