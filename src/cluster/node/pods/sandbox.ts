import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';

/** What is kept of a pod beside its containers. */
interface Sandbox {
  uid: string;
  namespace: string;
  name: string;
  ip: string;
}

/** Written before anything of the pod is started, so that a later agent gives it the same address. */
export async function saveSandbox(podsFolder: string, pod: Pod, ip: string): Promise<void> {
  const { uid = '', namespace = '', name = '' } = pod.metadata ?? {};
  const folder = join(podsFolder, uid);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const sandbox: Sandbox = { uid, namespace, name, ip };
  await writeFile(join(folder, 'pod.json.new'), JSON.stringify(sandbox));
  await rename(join(folder, 'pod.json.new'), join(folder, 'pod.json'));
}

/** Addresses by pod uid. A folder that says nothing readable counts as none. */
export async function loadSandboxes(podsFolder: string): Promise<Map<string, string>> {
  const addresses = new Map<string, string>();
  for (const uid of await readdir(podsFolder)) {
    try {
      const { ip } = JSON.parse(await readFile(join(podsFolder, uid, 'pod.json'), 'utf8')) as Sandbox;
      addresses.set(uid, ip);
    } catch {
      await rm(join(podsFolder, uid, 'pod.json'), { force: true });
    }
  }
  return addresses;
}
