import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadConnection } from './connection.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kanari-kubeconfig-'));
  for (const name of ['KUBECONFIG', 'KUBERNETES_SERVICE_HOST']) vi.stubEnv(name, '');
  vi.stubEnv('HOME', dir);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

/** A kubeconfig with a cluster, a user and a context of one name. */
async function kubeconfig(name: string, user: unknown, server = `https://${name}:6443`): Promise<string> {
  const file = join(dir, name);
  const config = {
    'current-context': name,
    clusters: [
      {
        name,
        cluster: { server, 'certificate-authority-data': Buffer.from(`CA ${name}`).toString('base64') },
      },
    ],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: `ns-${name}` } }],
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

describe('loadConnection', () => {
  it('takes server, namespace, token and CA from the file', async () => {
    const connection = await loadConnection({ kubeconfig: await kubeconfig('one', { token: 't1' }) });
    expect(connection).toMatchObject({ server: 'https://one:6443', namespace: 'ns-one' });
    expect(String(connection.tls.ca)).toBe('CA one');
    expect(await connection.headers()).toEqual({ Authorization: 'Bearer t1' });
  });

  it('merges the files of KUBECONFIG: the first that says something counts, missing ones are skipped', async () => {
    const one = await kubeconfig('one', { token: 't1' });
    const two = await kubeconfig('two', { token: 't2' });
    vi.stubEnv('KUBECONFIG', [join(dir, 'missing'), one, two].join(':'));
    expect(await loadConnection()).toMatchObject({ server: 'https://one:6443' });
    const other = await loadConnection({ context: 'two' });
    expect(await other.headers()).toEqual({ Authorization: 'Bearer t2' });
  });

  it('lets flags win over the file', async () => {
    const file = await kubeconfig('one', { token: 't1' });
    const connection = await loadConnection({
      kubeconfig: file,
      server: 'https://elsewhere/',
      token: 't9',
      namespace: 'mine',
      insecureSkipTlsVerify: true,
      tlsServerName: 'real-name',
      as: 'jane',
      asGroup: ['dev', 'ops'],
      asUid: '7',
    });
    expect(connection).toMatchObject({
      server: 'https://elsewhere',
      namespace: 'mine',
      tls: { rejectUnauthorized: false, servername: 'real-name' },
    });
    expect(await connection.headers()).toEqual({
      Authorization: 'Bearer t9',
      'Impersonate-User': 'jane',
      'Impersonate-Group': ['dev', 'ops'],
      'Impersonate-Uid': '7',
    });
  });

  it('runs the auth plugin of the user', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-plugin' },
    };
    const exec = { apiVersion: credential.apiVersion, command: 'echo', args: [JSON.stringify(credential)] };
    const connection = await loadConnection({ kubeconfig: await kubeconfig('one', { exec }) });
    expect(await connection.headers()).toEqual({ Authorization: 'Bearer from-plugin' });
  });

  it('sends a name and password', async () => {
    const connection = await loadConnection({
      kubeconfig: await kubeconfig('one', { username: 'u', password: 'p' }),
    });
    expect(await connection.headers()).toMatchObject({ authorization: 'Basic dTpw' });
  });

  it('talks plain HTTP where the server does', async () => {
    const file = await kubeconfig('one', { token: 't' }, 'http://127.0.0.1:8001');
    expect(await loadConnection({ kubeconfig: file })).toMatchObject({ server: 'http://127.0.0.1:8001' });
  });

  it.each([
    [
      'no cluster at all',
      {},
      /no cluster to talk to: give --kubeconfig, set KUBECONFIG, or start one .* `kanari up`/,
    ],
    ['a missing file', { kubeconfig: '/nowhere/config' }, /cannot read kubeconfig \/nowhere\/config: ENOENT/],
    ['an unknown context', { context: 'x' }, /context "x" is not in the kubeconfig; it has none/],
    [
      'a server that is no URL',
      { server: 'localhost' },
      /server "localhost" must be a URL with http:\/\/ or https:\/\//,
    ],
    ['a group without a user', { server: 'https://x', asGroup: ['g'] }, /need --as/],
  ])('says what is wrong: %s', async (_what, options, message) => {
    await expect(loadConnection(options)).rejects.toThrow(message);
  });

  it('says which file is not a kubeconfig, and which plugin fails', async () => {
    const file = join(dir, 'broken');
    await writeFile(file, 'clusters: [{]');
    await expect(loadConnection({ kubeconfig: file })).rejects.toThrow(`cannot read kubeconfig ${file}`);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such-plugin-of-kanari' };
    await expect(loadConnection({ kubeconfig: await kubeconfig('one', { exec }) })).rejects.toThrow(
      /cannot get credentials for https:\/\/one:6443: .*no-such-plugin-of-kanari/,
    );
  });
});
