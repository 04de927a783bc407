import { readFileSync } from 'node:fs';

const serviceAccountFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** Where the controller keeps its Lease (OPS-009): POD_NAMESPACE, else that of the service account, else argo-rollouts. */
export function controllerNamespace(
  env: Record<string, string | undefined>,
  readServiceAccount: () => string = () => readFileSync(serviceAccountFile, 'utf8'),
): string {
  if (env.POD_NAMESPACE) return env.POD_NAMESPACE;
  try {
    return readServiceAccount().trim() || 'argo-rollouts';
  } catch {
    return 'argo-rollouts';
  }
}
