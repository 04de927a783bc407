import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { dnsLabel1035, dnsSubdomain } from '../schema/names.ts';
import { check, forbidden, invalid, required } from './checks.ts';
import { column } from './columns.ts';
import { builtin } from './define.ts';

/** `apiregistration.k8s.io/v1` APIService: who serves a group in a version. */
export interface APIService extends KubeObject {
  spec: {
    group?: string;
    version?: string;
    groupPriorityMinimum: number;
    versionPriority: number;
    /** Undefined: the API server itself. */
    service?: { namespace?: string; name?: string; port?: number };
    insecureSkipTLSVerify?: boolean;
    caBundle?: string;
  };
  status?: {
    conditions?: {
      type: string;
      status: string;
      lastTransitionTime?: string;
      reason?: string;
      message?: string;
    }[];
  };
}

const MAX_GROUP_PRIORITY = 20_000;
const MAX_VERSION_PRIORITY = 1000;

export const apiServices = builtin({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  package: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
  categories: ['api-extensions'],
  namespaced: false,
  status: true,
  allowUnconditionalUpdate: false,
  columns: [
    column<APIService>('Service', 'Who serves it.', ({ spec: { service } }) =>
      service ? `${service.namespace}/${service.name}` : 'Local',
    ),
    column<APIService>('Available', 'Whether it is served.', availableCell),
  ],
  defaults(object) {
    const { spec } = object as APIService;
    if (!spec?.service) return object;
    return { ...object, spec: { ...spec, service: { port: 443, ...spec.service } } } as KubeObject;
  },
  validate: (object) => validateService(object as APIService),
  warnings: (object) =>
    (object as APIService).spec.service
      ? ['spec.service: the embedded API server passes no requests on to other API servers']
      : [],
});

function availableCell({ status }: APIService): string {
  const available = status?.conditions?.find(({ type }) => type === 'Available');
  if (!available) return 'Unknown';
  return available.status === 'True' ? 'True' : `${available.status} (${available.reason})`;
}

function validateService({ metadata, spec }: APIService): FieldError[] {
  const { group = '', version = '', service, groupPriorityMinimum, versionPriority } = spec;
  const errors: FieldError[] = [];
  const name = `${version}.${group}`;
  if (metadata?.name !== name) {
    const detail = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`;
    errors.push(invalid('metadata.name', metadata?.name, detail));
  }
  if (group) errors.push(...check('spec.group', group, dnsSubdomain));
  if (version) errors.push(...check('spec.version', version, dnsLabel1035));
  else errors.push(required('spec.version'));
  errors.push(...validatePriority('spec.groupPriorityMinimum', groupPriorityMinimum, MAX_GROUP_PRIORITY));
  errors.push(...validatePriority('spec.versionPriority', versionPriority, MAX_VERSION_PRIORITY));
  if (!service) {
    if (spec.caBundle) errors.push(forbidden('spec.caBundle', 'local APIServices may not have a caBundle'));
    if (spec.insecureSkipTLSVerify) {
      const detail = 'local APIServices may not have insecureSkipTLSVerify';
      errors.push(forbidden('spec.insecureSkipTLSVerify', detail));
    }
    return errors;
  }
  if (!service.namespace) errors.push(required('spec.service.namespace'));
  if (!service.name) errors.push(required('spec.service.name'));
  if (spec.insecureSkipTLSVerify && spec.caBundle) {
    const detail = 'may not be true if caBundle is present';
    errors.push(invalid('spec.insecureSkipTLSVerify', true, detail));
  }
  return errors;
}

function validatePriority(field: string, value: number, most: number): FieldError[] {
  if (value > 0 && value <= most) return [];
  return [invalid(field, value, `must be positive and less than ${most}`)];
}
