/** A Service that a host name means. */
export interface ServiceName {
  namespace: string;
  name: string;
}

/**
 * The Service that a name in the cluster means: `svc`, `svc.ns`, `svc.ns.svc`, `svc.ns.svc.cluster.local`. Undefined:
 * it cannot mean one.
 */
export function parseServiceName(host: string, defaultNamespace = 'default'): ServiceName | undefined {
  const labels = host.toLowerCase().replace(/\.$/, '').split('.');
  if (!labels.every((label) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(label))) return undefined;
  const [name = '', namespace = defaultNamespace, ...rest] = labels;
  const suffix = rest.join('.');
  if (suffix !== '' && suffix !== 'svc' && suffix !== 'svc.cluster.local') return undefined;
  return { namespace, name };
}
