import type { ClusterRole, ClusterRoleBinding, PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import { AUTHENTICATED, MASTERS, UNAUTHENTICATED } from '../users.ts';
import { EVERYTHING } from './escalation.ts';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';
const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate';
const aggregateTo = (role: string) => ({ [`${RBAC_GROUP}/aggregate-to-${role}`]: 'true' });

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const on = (apiGroups: string | string[], resources: string[], verbs: string[]): PolicyRule => ({
  verbs,
  apiGroups: [apiGroups].flat(),
  resources,
});
const paths = (...nonResourceURLs: string[]): PolicyRule => ({ verbs: ['get'], nonResourceURLs });

const HEALTH = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
const APPS = ['daemonsets', 'deployments', 'replicasets', 'statefulsets'];
const SCALABLE = ['deployments/scale', 'replicasets/scale', 'statefulsets/scale'];
const SESSIONS = ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'];
const ARGO = [
  'rollouts',
  'rollouts/scale',
  'rollouts/status',
  'experiments',
  'analysistemplates',
  'clusteranalysistemplates',
  'analysisruns',
];

const forViewers: PolicyRule[] = [
  on(
    '',
    [
      'configmaps',
      'endpoints',
      'persistentvolumeclaims',
      'persistentvolumeclaims/status',
      'pods',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'serviceaccounts',
      'services',
      'services/status',
    ],
    READ,
  ),
  on(
    '',
    [
      'bindings',
      'events',
      'limitranges',
      'namespaces/status',
      'pods/log',
      'pods/status',
      'replicationcontrollers/status',
      'resourcequotas',
      'resourcequotas/status',
    ],
    READ,
  ),
  on('', ['namespaces'], READ),
  on('discovery.k8s.io', ['endpointslices'], READ),
  on(
    'apps',
    ['controllerrevisions', ...APPS, ...APPS.map((plural) => `${plural}/status`), ...SCALABLE],
    READ,
  ),
  on('autoscaling', ['horizontalpodautoscalers', 'horizontalpodautoscalers/status'], READ),
  on('batch', ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status'], READ),
  on('policy', ['poddisruptionbudgets', 'poddisruptionbudgets/status'], READ),
  on('networking.k8s.io', ['ingresses', 'ingresses/status', 'networkpolicies'], READ),
];

const forEditors: PolicyRule[] = [
  on('', [...SESSIONS, 'secrets', 'services/proxy'], READ),
  on('', ['serviceaccounts'], ['impersonate']),
  on('', ['pods', ...SESSIONS], WRITE),
  on('', ['pods/eviction'], ['create']),
  on(
    '',
    [
      'configmaps',
      'events',
      'persistentvolumeclaims',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'secrets',
      'serviceaccounts',
      'services',
      'services/proxy',
    ],
    WRITE,
  ),
  on('', ['serviceaccounts/token'], ['create']),
  on('apps', [...APPS, 'deployments/rollback', ...SCALABLE], WRITE),
  on('autoscaling', ['horizontalpodautoscalers'], WRITE),
  on('batch', ['cronjobs', 'jobs'], WRITE),
  on('policy', ['poddisruptionbudgets'], WRITE),
  on('networking.k8s.io', ['ingresses', 'networkpolicies'], WRITE),
  on('coordination.k8s.io', ['leases'], [...READ, ...WRITE]),
];

const forAdministrators: PolicyRule[] = [
  on('authorization.k8s.io', ['localsubjectaccessreviews'], ['create']),
  on(RBAC_GROUP, ['rolebindings', 'roles'], [...READ, ...WRITE]),
];

const metadata = (name: string, labels: Record<string, string> = {}) => ({
  name,
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
  annotations: { [AUTOUPDATE]: 'true' },
});

const role = (name: string, rules: readonly PolicyRule[], labels?: Record<string, string>): ClusterRole => ({
  metadata: metadata(name, labels),
  rules: [...rules],
});

/** Its rules are those of the roles with the label, which a controller copies into it. */
const aggregated = (name: string, labels?: Record<string, string>): ClusterRole => ({
  ...role(name, [], labels),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateTo(name) }] },
});

/** The roles that every cluster has, and clients and charts count on. */
export const bootstrapRoles: readonly ClusterRole[] = [
  role('cluster-admin', EVERYTHING),
  aggregated('admin'),
  aggregated('edit', aggregateTo('admin')),
  aggregated('view', aggregateTo('edit')),
  role('system:aggregate-to-admin', forAdministrators, aggregateTo('admin')),
  role('system:aggregate-to-edit', forEditors, aggregateTo('edit')),
  role('system:aggregate-to-view', forViewers, aggregateTo('view')),
  role('system:discovery', [
    paths('/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*', ...HEALTH),
  ]),
  role('system:basic-user', [
    on('authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], ['create']),
    on('authentication.k8s.io', ['selfsubjectreviews'], ['create']),
  ]),
  role('system:public-info-viewer', [paths(...HEALTH)]),
  role('system:monitoring', [
    paths(
      '/healthz',
      '/healthz/*',
      '/livez',
      '/livez/*',
      '/metrics',
      '/metrics/slis',
      '/readyz',
      '/readyz/*',
    ),
  ]),
  role('system:auth-delegator', [
    on('authentication.k8s.io', ['tokenreviews'], ['create']),
    on('authorization.k8s.io', ['subjectaccessreviews'], ['create']),
  ]),
  // What the installation manifests of Argo Rollouts give to the roles of users.
  role(
    'argo-rollouts-aggregate-to-admin',
    [on('argoproj.io', ARGO, [...READ, ...WRITE])],
    aggregateTo('admin'),
  ),
  role(
    'argo-rollouts-aggregate-to-edit',
    [on('argoproj.io', ARGO, [...READ, ...WRITE])],
    aggregateTo('edit'),
  ),
  role('argo-rollouts-aggregate-to-view', [on('argoproj.io', ARGO, READ)], aggregateTo('view')),
  // As metrics-server brings it along.
  role('system:aggregated-metrics-reader', [on('metrics.k8s.io', ['nodes', 'pods'], READ)], {
    ...aggregateTo('view'),
    ...aggregateTo('edit'),
    ...aggregateTo('admin'),
  }),
];

const binding = (name: string, ...groups: string[]): ClusterRoleBinding => ({
  metadata: metadata(name),
  roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name },
  subjects: groups.map((group) => ({ kind: 'Group', apiGroup: RBAC_GROUP, name: group })),
});

export const bootstrapBindings: readonly ClusterRoleBinding[] = [
  binding('cluster-admin', MASTERS),
  binding('system:discovery', AUTHENTICATED),
  binding('system:basic-user', AUTHENTICATED),
  binding('system:public-info-viewer', AUTHENTICATED, UNAUTHENTICATED),
  binding('system:monitoring', 'system:monitoring'),
];

/** Whether what a user changed in a bootstrap object is completed again at the next start. */
export const isAutoupdated = ({ metadata: given }: ClusterRole | ClusterRoleBinding) =>
  given?.annotations?.[AUTOUPDATE] !== 'false';
