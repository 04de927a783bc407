import { ApiError, type KubeClient } from './types.ts';

/**
 * The client, refusing writes as soon as `held` is false: a controller that has lost its lease must not write after
 * the next leader has begun (spec 06 §5, Better (c)).
 */
export function fenced<C extends KubeClient>(client: C, held: () => boolean): KubeClient {
  const guard =
    <A extends unknown[], R>(write: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (!held()) throw new ApiError(0, 'LeaseLost', 'not written: this process is no longer the leader');
      return write(...args);
    };
  return {
    get: (ref) => client.get(ref),
    list: (type, filter) => client.list(type, filter),
    watch: (type, options) => client.watch(type, options),
    request: (method, path, options) =>
      method === 'GET'
        ? client.request(method, path, options)
        : guard(client.request.bind(client))(method, path, options),
    create: (type, object, options) => guard(() => client.create(type, object, options))(),
    update: (type, object, options) => guard(() => client.update(type, object, options))(),
    patch: (ref, patchType, body, options) => guard(() => client.patch(ref, patchType, body, options))(),
    delete: (ref, options) => guard(() => client.delete(ref, options))(),
    evict: (ref, options) => guard(() => client.evict(ref, options))(),
  };
}
