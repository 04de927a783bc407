import { type ResourceType, Rollouts } from '../../api/index.ts';
import { ApiError, type KubeClient } from '../../kube/index.ts';

/** Labels of `controller_clientset_k8s_request_total` (OPS §8.4). */
export interface RequestLabels {
  kind: string;
  namespace: string;
  /** Of Rollouts only: names of other kinds are made up all the time, and would be kept for ever (OPS-051). */
  name: string;
  verb: 'List' | 'Watch' | 'Get' | 'Create' | 'Update' | 'Patch' | 'Delete';
  /** `0`: the server could not be reached. */
  status_code: string;
}

/** The client, telling of each request when it is answered. */
export function countRequests(client: KubeClient, count: (labels: RequestLabels) => void): KubeClient {
  async function counted<T>(
    verb: RequestLabels['verb'],
    {
      type,
      namespace,
      name,
    }: { type: ResourceType; namespace?: string | undefined; name?: string | undefined },
    request: () => Promise<T>,
    codeOf: (answer: T) => number = () => 200,
  ): Promise<T> {
    const labels = {
      verb,
      kind: type.plural,
      namespace: namespace ?? 'N/A',
      name: type === Rollouts && name ? name : 'N/A',
    };
    try {
      const answer = await request();
      count({ ...labels, status_code: String(codeOf(answer)) });
      return answer;
    } catch (error) {
      count({ ...labels, status_code: String(error instanceof ApiError ? error.code : 0) });
      throw error;
    }
  }
  const created = () => 201;
  return {
    get: (ref) => counted('Get', ref, () => client.get(ref)),
    list: (type, filter) =>
      counted('List', { type, namespace: filter?.namespace }, () => client.list(type, filter)),
    watch: (type, options) => {
      // A watch is answered when it begins; how it goes on is its own affair.
      const { namespace = 'N/A' } = options;
      count({ verb: 'Watch', kind: type.plural, namespace, name: 'N/A', status_code: '200' });
      return client.watch(type, options);
    },
    request: (method, path, options) => client.request(method, path, options),
    create: (type, object, options) =>
      counted('Create', { type, ...object.metadata }, () => client.create(type, object, options), created),
    update: (type, object, options) =>
      counted('Update', { type, ...object.metadata }, () => client.update(type, object, options)),
    patch: (ref, patchType, body, options) =>
      counted('Patch', ref, () => client.patch(ref, patchType, body, options)),
    delete: (ref, options) => counted('Delete', ref, () => client.delete(ref, options)),
    evict: (ref, options) =>
      counted(
        'Create',
        ref,
        () => client.evict(ref, options),
        (accepted) => (accepted ? 201 : 429),
      ),
  };
}
