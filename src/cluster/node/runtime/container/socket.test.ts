import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineUnavailableError, findEngine, socketCandidates } from './socket.ts';
import { FakeEngine } from './testing/fake-engine.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kanari-engine-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('asks DOCKER_HOST alone when it is set, and no engine over the network', () => {
  expect(socketCandidates({ DOCKER_HOST: 'unix:///x/docker.sock' })).toEqual(['/x/docker.sock']);
  expect(socketCandidates({ DOCKER_HOST: 'tcp://10.0.0.1:2375' })).toEqual([]);
  const usual = socketCandidates({ XDG_RUNTIME_DIR: '/run/user/1000' }, '/home/me');
  expect(usual).toEqual(
    expect.arrayContaining([
      '/var/run/docker.sock',
      '/run/user/1000/podman/podman.sock',
      '/run/podman/podman.sock',
    ]),
  );
  expect(usual).toContain('/home/me/.docker/run/docker.sock');
});

it('takes an engine that answers, passes over one that does not, and says so when it was named', async () => {
  const socket = join(folder, 'engine.sock');
  const engine = new FakeEngine();
  await engine.listen(socket);
  expect((await findEngine('auto', { DOCKER_HOST: `unix://${socket}` }))?.socketPath).toBe(socket);
  expect((await findEngine(`unix://${socket}`))?.socketPath).toBe(socket);
  expect(await findEngine('none', { DOCKER_HOST: `unix://${socket}` })).toBeUndefined();
  await engine.close();

  const dead = join(folder, 'dead.sock');
  await writeFile(dead, '');
  expect(await findEngine('auto', { DOCKER_HOST: `unix://${dead}` })).toBeUndefined();
  await expect(findEngine(dead)).rejects.toThrow(EngineUnavailableError);
  await expect(findEngine(dead)).rejects.toThrow(
    `no container engine answers at ${dead}: start it, give the path of another socket, "auto" or "none"`,
  );
});
