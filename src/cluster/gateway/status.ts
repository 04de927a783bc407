import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import type { Logger } from 'pino';
import { Ingresses } from '../../api/index.ts';
import { isNotFound, type KubeClient } from '../../kube/index.ts';

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
