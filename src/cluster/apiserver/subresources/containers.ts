import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { badRequest } from '../status.ts';

/** The container that a request means: the one it names, or the only one. @throws StatusError 400 */
export function chosenContainer({ metadata, spec }: Pod, asked: string | null): string {
  const containers = [...(spec?.containers ?? [])].map(({ name }) => name);
  const inits = (spec?.initContainers ?? []).map(({ name }) => name);
  const all = [...inits, ...containers, ...(spec?.ephemeralContainers ?? []).map(({ name }) => name)];
  if (asked) {
    if (all.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${metadata?.name}`);
  }
  if (containers.length === 1) return containers[0]!;
  throw badRequest(
    `a container name must be specified for pod ${metadata?.name}, choose one of: [${containers.join(' ')}]` +
      (inits.length > 0 ? ` or one of the init containers: [${inits.join(' ')}]` : ''),
  );
}
