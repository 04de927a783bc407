import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file of a volume that the agent writes; the path is relative to the volume. */
export interface VolumeFile {
  path: string;
  data: Buffer;
  mode: number;
}

const DATA_LINK = '..data';

/**
 * Makes a folder hold exactly these files. As kubelet does it: the files are in a hidden folder, the link `..data`
 * points to it, and the names link through `..data`, so that a reader sees all of the old or all of the new files.
 */
export async function writeVolumeFiles(folder: string, files: readonly VolumeFile[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const version = `..${digest(files)}`;
  const current = await readlink(join(folder, DATA_LINK)).catch(() => undefined);
  if (current === version) return;
  const target = join(folder, version);
  await rm(target, { recursive: true, force: true });
  await mkdir(target);
  for (const { path, data, mode } of files) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await writeFile(join(target, path), data);
    await chmod(join(target, path), mode);
  }
  const nextLink = join(folder, '..data_next');
  await rm(nextLink, { force: true });
  await symlink(version, nextLink);
  await rename(nextLink, join(folder, DATA_LINK));
  await linkNames(folder, new Set(files.map(({ path }) => path.split('/')[0]!)));
  if (current) await rm(join(folder, current), { recursive: true, force: true });
}

async function linkNames(folder: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('..') && !names.has(name)) await rm(join(folder, name), { recursive: true });
  }
  for (const name of names) {
    const exists = await lstat(join(folder, name)).catch(() => undefined);
    if (!exists) await symlink(join(DATA_LINK, name), join(folder, name));
  }
}

function digest(files: readonly VolumeFile[]): string {
  const hash = createHash('sha256');
  for (const { path, data, mode } of files) hash.update(`${path}\0${mode}\0${data.length}\0`).update(data);
  return hash.digest('hex').slice(0, 16);
}
