import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { crds, type KubeObject, type ResourceType } from '../../api/index.ts';
import { isNotFound, type KubeClient } from '../../kube/index.ts';

const CustomResourceDefinitions: ResourceType<CustomResourceDefinition> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

interface CustomResourceDefinition extends KubeObject {
  status?: { conditions?: { type: string; status: string }[] };
}

const APPLY = { fieldManager: 'kanari', force: true };

/** Installs Kanari's CRDs, or brings them up to date, and waits until the API server serves them. */
export async function installCrds(client: KubeClient): Promise<void> {
  await Promise.all(
    crds().map(async (crd) => {
      const name = crd.metadata?.name ?? '';
      const ref = { type: CustomResourceDefinitions, name };
      await client.patch(ref, 'apply', crd, APPLY);
      const deadline = AbortSignal.timeout(10_000);
      const watched = client.watch(CustomResourceDefinitions, {
        fieldSelector: `metadata.name=${name}`,
        signal: deadline,
      });
      for await (const event of watched) {
        if (event.type !== 'BOOKMARK' && isEstablished(event.object)) return;
      }
      throw new Error(`The API server did not establish ${name} within 10 seconds`);
    }),
  );
}

function isEstablished(crd: CustomResourceDefinition): boolean {
  return (
    crd.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false
  );
}

/** Reads every object of the YAML files of a folder, in the order of the files' names. */
async function readManifests(folder: string): Promise<KubeObject[]> {
  const files = (await readdir(folder)).filter((file) => /\.ya?ml$/.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as KubeObject));
}

/**
 * Applies a folder of manifests once per cluster: a ConfigMap remembers it, so that what the user deleted stays deleted.
 * @returns whether it was applied now
 */
export async function applyOnce(
  client: KubeClient,
  types: readonly ResourceType[],
  marker: { type: ResourceType; name: string },
  folder: string,
): Promise<boolean> {
  const ref = { ...marker, namespace: 'kube-system' };
  try {
    await client.get(ref);
    return false;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  for (const object of await readManifests(folder)) {
    const type = types.find((candidate) => candidate.kind === object.kind);
    if (!type) throw new Error(`${folder}: no known resource is of kind ${object.kind}`);
    const namespace = type.namespaced ? (object.metadata?.namespace ?? 'default') : undefined;
    await client.patch({ type, namespace, name: object.metadata?.name ?? '' }, 'apply', object, APPLY);
  }
  await client.create(marker.type, {
    apiVersion: 'v1',
    kind: marker.type.kind,
    metadata: { name: ref.name, namespace: ref.namespace },
  });
  return true;
}
