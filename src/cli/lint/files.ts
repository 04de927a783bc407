import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

const extensions = ['.yaml', '.yml', '.json'];

/** The file itself, or the YAML and JSON files below a directory in the order of their names. */
export async function findManifestFiles(path: string): Promise<string[]> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && extensions.includes(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
