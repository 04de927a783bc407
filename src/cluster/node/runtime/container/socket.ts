import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EngineClient } from './engine.ts';

const PING_MS = 2000;

/** Where engines listen, the first that answers counts: DOCKER_HOST, Docker, Podman, and theirs of a single user. */
export function socketCandidates(env: NodeJS.ProcessEnv, home = homedir()): string[] {
  const { DOCKER_HOST = '', XDG_RUNTIME_DIR } = env;
  if (DOCKER_HOST) return DOCKER_HOST.startsWith('unix://') ? [DOCKER_HOST.slice('unix://'.length)] : [];
  return [
    '/var/run/docker.sock',
    ...(XDG_RUNTIME_DIR
      ? [join(XDG_RUNTIME_DIR, 'docker.sock'), join(XDG_RUNTIME_DIR, 'podman/podman.sock')]
      : []),
    '/run/podman/podman.sock',
    join(home, '.docker/run/docker.sock'),
    join(home, '.colima/default/docker.sock'),
    join(home, '.rd/docker.sock'),
  ];
}

/** The engine that was asked for does not answer. */
export class EngineUnavailableError extends Error {
  override name = 'EngineUnavailableError';
}

/**
 * The container engine of this machine. `auto`: whichever answers, undefined when none does; `none`: undefined; else
 * the path of its socket. @throws EngineUnavailableError when nothing answers at that path
 */
export async function findEngine(
  choice: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<EngineClient | undefined> {
  if (choice === 'none') return undefined;
  if (choice !== 'auto') {
    const engine = await answering(choice.replace(/^unix:\/\//, ''));
    if (engine) return engine;
    throw new EngineUnavailableError(
      `no container engine answers at ${choice}: start it, give the path of another socket, "auto" or "none"`,
    );
  }
  for (const path of socketCandidates(env)) {
    const engine = await answering(path);
    if (engine) return engine;
  }
  return undefined;
}

async function answering(path: string): Promise<EngineClient | undefined> {
  if (!existsSync(path)) return undefined;
  const engine = new EngineClient(path);
  const signal = AbortSignal.timeout(PING_MS);
  return engine.stream('GET', '/_ping', { signal }).then(
    (response) => {
      response.resume();
      return engine;
    },
    () => undefined,
  );
}
