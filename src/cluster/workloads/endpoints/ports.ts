import type { Pod, Service, ServicePort } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointPort } from 'kubernetes-types/discovery/v1.d.ts';

/** The ports of a Service on one pod; a named target port that the pod lacks is left out. */
export function endpointPorts(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(servicePort, pod);
    if (port === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    return [{ name, port, protocol, ...(appProtocol && { appProtocol }) }];
  });
}

function targetPort(
  { targetPort: target, port, protocol = 'TCP' }: ServicePort,
  pod: Pod,
): number | undefined {
  if (target === undefined || target === 0 || target === '') return port;
  if (typeof target === 'number') return target;
  // Sidecars are init containers that keep running; their ports count too.
  const sidecars =
    pod.spec?.initContainers?.filter((container) => container.restartPolicy === 'Always') ?? [];
  return [...(pod.spec?.containers ?? []), ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .find((each) => each.name === target && (each.protocol ?? 'TCP') === protocol)?.containerPort;
}

/** Ports that are the same have the same text. */
export function portsKey(ports: readonly EndpointPort[] | undefined): string {
  const texts = (ports ?? []).map(({ name = '', port, protocol, appProtocol }) =>
    JSON.stringify([name, port, protocol, appProtocol ?? null]),
  );
  return texts.sort().join();
}
