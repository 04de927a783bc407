import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { StartError } from '../runtime.ts';

/** The program's path, searched for as a shell does. @throws StartError */
export async function findProgram(name: string | undefined, path = '', workingDir: string): Promise<string> {
  if (!name) throw new StartError('no command specified');
  const candidates = name.includes('/')
    ? [isAbsolute(name) ? name : resolve(workingDir, name)]
    : path.split(delimiter).map((folder) => join(folder, name));
  for (const candidate of candidates) {
    const found = await stat(candidate).catch(() => undefined);
    if (!found?.isFile()) continue;
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      if (name.includes('/')) throw new StartError(`exec: ${JSON.stringify(name)}: permission denied`);
    }
  }
  const where = name.includes('/') ? 'no such file or directory' : 'executable file not found in $PATH';
  throw new StartError(`exec: ${JSON.stringify(name)}: ${where}`, 127);
}
