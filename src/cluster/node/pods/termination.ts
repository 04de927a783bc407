import { chmod, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Container } from 'kubernetes-types/core/v1.d.ts';
import type { RuntimeContainer } from '../runtime/runtime.ts';

const DEFAULT_PATH = '/dev/termination-log';
/** Kubelet's bounds. */
const MAX_BYTES = 4096;
const LOG_LINES = 80;
const LOG_BYTES = 2048;

/**
 * The file in which a container may say why it ends: its `terminationMessagePath` within its own root, as mounts are.
 * The variable `KANARI_TERMINATION_LOG` names it.
 */
export function terminationFile(root: string, container: Container): string {
  return join(root, terminationPath(container));
}

/** The same file as the container sees it. */
export function terminationPath({ terminationMessagePath }: Container): string {
  return posix.join('/', terminationMessagePath || DEFAULT_PATH);
}

/** Makes room for the message of the next run, whatever user that is run as. */
export async function clearTerminationFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await rm(file, { force: true });
  await writeFile(file, '');
  await chmod(file, 0o666);
}

/** What a run said of its end; empty when it said nothing. */
export async function terminationMessage(
  file: string,
  spec: Container,
  run: RuntimeContainer,
): Promise<string> {
  const said = await firstBytes(file);
  if (said !== '' || spec.terminationMessagePolicy !== 'FallbackToLogsOnError' || run.exit?.exitCode === 0) {
    return said;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of run.logs({ tailLines: LOG_LINES })) chunks.push(chunk);
  return Buffer.concat(chunks).subarray(-LOG_BYTES).toString('utf8');
}

async function firstBytes(file: string): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return '';
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } catch {
    // A folder, say: nothing that could be read.
    return '';
  } finally {
    await handle.close();
  }
}
