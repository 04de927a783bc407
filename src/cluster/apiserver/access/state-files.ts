import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Instant } from '../../../api/index.ts';
import { StateDamagedError } from '../log/index.ts';
import { createAuthority, type KeyPair } from './certificates.ts';

const PRIVATE = 0o600;

/** Secrets and files of the state directory that outlive the process; all readable by their owner alone. */
export class StateFiles {
  readonly dir: string;

  /** Makes the directory when it is missing. */
  constructor(dir: string) {
    this.dir = path.resolve(dir);
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
  }

  /** A secret, made at first use. */
  secret(name: string): string {
    const file = path.join(this.dir, name);
    if (existsSync(file)) {
      const secret = readFileSync(file, 'utf8').trim();
      if (secret.length < 16) throw new StateDamagedError(file, 'it is empty or too short to be a secret');
      return secret;
    }
    const secret = randomBytes(32).toString('base64url');
    this.#write(file, `${secret}\n`);
    return secret;
  }

  /** The certificate authority, made at first use. */
  async authority(now: Instant): Promise<KeyPair> {
    const cert = path.join(this.dir, 'ca.crt');
    const key = path.join(this.dir, 'ca.key');
    if (existsSync(cert) && existsSync(key)) {
      return { certPem: readFileSync(cert, 'utf8'), keyPem: readFileSync(key, 'utf8') };
    }
    const authority = await createAuthority(now);
    this.#write(key, authority.keyPem);
    this.#write(cert, authority.certPem);
    return authority;
  }

  /** Writes the kubeconfig of the administrator; returns its path. */
  kubeconfig(options: { server: string; caPem: string; token: string }): string {
    const file = path.join(this.dir, 'kubeconfig');
    const name = 'kanari';
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      clusters: [
        {
          name,
          cluster: {
            server: options.server,
            'certificate-authority-data': Buffer.from(options.caPem).toString('base64'),
          },
        },
      ],
      users: [{ name, user: { token: options.token } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    };
    this.#write(file, stringify(config));
    return file;
  }

  /** All or nothing, so that a crash leaves no half-written secret. */
  #write(file: string, content: string): void {
    const temporary = `${file}.new`;
    writeFileSync(temporary, content, { mode: PRIVATE });
    renameSync(temporary, file);
  }
}
