import type { KubeObject } from '../../../api/index.ts';
import { type Core, locate } from '../rest/core.ts';
import { createObject } from '../rest/create.ts';
import type { WriteOptions } from '../rest/options.ts';

/** How the API server writes objects of its own. */
export const OWN_WRITE: WriteOptions = {
  dryRun: false,
  fieldManager: 'kube-apiserver',
  fieldValidation: 'Strict',
  force: undefined,
};

/** Makes a cluster-scoped object unless one of its name is there. */
export async function installMissing(
  core: Core,
  [group, version, plural]: readonly [group: string, version: string, plural: string],
  object: KubeObject,
): Promise<void> {
  const kind = core.registry.find(group, version, plural);
  if (!kind) return;
  const { resource, key } = locate(core, { kind, name: object.metadata?.name ?? '' });
  if (core.store.latest(resource, key)) return;
  await createObject(core, { kind }, object, { options: OWN_WRITE, custom: false, warn: () => {} });
}
