import type { Ingress, IngressClass } from 'kubernetes-types/networking/v1.d.ts';
import type { Logger } from 'pino';
import { IngressClasses, Ingresses } from '../../api/index.ts';
import { isAlreadyExists, isNotFound, type KubeClient } from '../../kube/index.ts';

/** Writes the gateway's address into the Ingress's status, where `kubectl get ingress` shows it. */
export async function publishAddress(
  client: KubeClient,
  ingress: Ingress,
  address: string,
  log: Logger,
): Promise<void> {
  const { namespace, name = '' } = ingress.metadata ?? {};
  const published = ingress.status?.loadBalancer?.ingress ?? [];
  if (published.length === 1 && published[0]?.ip === address) return;
  try {
    await client.patch(
      { type: Ingresses, namespace, name },
      'merge',
      { status: { loadBalancer: { ingress: [{ ip: address }] } } },
      { subresource: 'status' },
    );
  } catch (error) {
    if (!isNotFound(error))
      log.warn({ err: error, namespace, name }, 'cannot write the address of an Ingress');
  }
}

/** The class as ingress-nginx installs it. */
const nginx: IngressClass = {
  metadata: { name: 'nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' } },
  spec: { controller: 'k8s.io/ingress-nginx' },
};

/** Makes the class that Ingresses name to be served by the gateway, unless there is one. */
export async function publishClass(client: KubeClient, log: Logger): Promise<void> {
  try {
    await client.create(IngressClasses, nginx);
  } catch (error) {
    if (!isAlreadyExists(error)) log.warn({ err: error }, 'cannot make the IngressClass nginx');
  }
}
