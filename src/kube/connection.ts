import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Cluster, Context, KubeConfig, User } from '@kubernetes/client-node';

/** Where an API server is and how to prove who one is. Holds credentials: never log it whole. */
export interface Connection {
  /** URL without a trailing slash; may have a path. */
  readonly server: string;
  /** The namespace that commands use when none is named. */
  readonly namespace: string;
  readonly tls: TlsOptions;
  /** `http://`, `https://` or `socks5://`; undefined: the environment's HTTPS_PROXY and NO_PROXY decide. */
  readonly proxyUrl?: string | undefined;
  /** Milliseconds until the server must have begun to answer; 0: the client's default. */
  readonly requestTimeoutMs: number;
  /** Headers that authenticate a request; asked for each request, so that short-lived tokens are renewed. */
  headers(): Promise<Record<string, string | string[]>>;
}

export interface TlsOptions {
  ca?: Buffer | string;
  cert?: Buffer | string;
  key?: Buffer | string;
  servername?: string;
  /** False: the server's certificate is not checked. */
  rejectUnauthorized?: boolean;
}

/** kubectl's connection flags. Files are given by path. */
export interface ConnectionOptions {
  /** Path of a kubeconfig. Default: `$KUBECONFIG` (a list), else `~/.kube/config`, else the pod's service account. */
  kubeconfig?: string | undefined;
  context?: string | undefined;
  cluster?: string | undefined;
  user?: string | undefined;
  server?: string | undefined;
  token?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  certificateAuthority?: string | undefined;
  clientCertificate?: string | undefined;
  clientKey?: string | undefined;
  tlsServerName?: string | undefined;
  insecureSkipTlsVerify?: boolean | undefined;
  as?: string | undefined;
  asGroup?: string[] | undefined;
  asUid?: string | undefined;
  proxyUrl?: string | undefined;
  namespace?: string | undefined;
  requestTimeoutMs?: number | undefined;
}

/** There is no usable way to the cluster; the message says what is missing and what would help. */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
}

/** How long a credential that a plugin made is used before the plugin is asked again; plugins cache by expiry. */
const CREDENTIAL_REFRESH_MS = 10_000;

/**
 * The connection that kubectl would make with the same flags, files and environment.
 * @throws ConnectionError
 */
export async function loadConnection(options: ConnectionOptions = {}): Promise<Connection> {
  const config = await loadConfig(options);
  const context = chooseContext(config, options);
  const cluster = chooseCluster(config, context, options);
  const user = await chooseUser(config, context, options);
  config.loadFromOptions({
    clusters: [cluster],
    users: [user],
    contexts: [{ name: 'kanari', cluster: cluster.name, user: user.name }],
    currentContext: 'kanari',
  });

  const first = await authenticate(config, cluster);
  const impersonation = impersonate(options);
  const refreshes = Boolean(user.exec || user.authProvider);
  let latest = Promise.resolve(first.headers);
  let refreshedAt = performance.now();
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: options.namespace || context?.namespace?.trim() || 'default',
    tls: first.tls,
    proxyUrl: options.proxyUrl ?? cluster.proxyUrl,
    requestTimeoutMs: options.requestTimeoutMs ?? 0,
    async headers() {
      if (refreshes && performance.now() - refreshedAt > CREDENTIAL_REFRESH_MS) {
        refreshedAt = performance.now();
        latest = authenticate(config, cluster).then((next) => next.headers);
      }
      return { ...(await latest), ...impersonation };
    },
  };
}

/** A connection to a server whose address and credentials are known; reads no file and no environment. */
export function directConnection(options: {
  server: string;
  token: string;
  /** PEM. */
  ca?: string | Buffer;
  namespace?: string;
  requestTimeoutMs?: number;
}): Connection {
  const headers = { authorization: `Bearer ${options.token}` };
  return {
    server: options.server.replace(/\/+$/, ''),
    namespace: options.namespace ?? 'default',
    tls: options.ca ? { ca: options.ca } : {},
    requestTimeoutMs: options.requestTimeoutMs ?? 0,
    headers: async () => headers,
  };
}

async function loadConfig(options: ConnectionOptions): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: '' });
  const explicit = options.kubeconfig;
  const listed = process.env.KUBECONFIG?.split(delimiter).filter(Boolean) ?? [];
  const files = explicit ? [explicit] : listed.length > 0 ? listed : [join(homedir(), '.kube', 'config')];

  let found = false;
  for (const file of files) {
    const next = await readKubeconfig(new KubeConfig(), file, explicit !== undefined);
    if (!next) continue;
    found = true;
    mergeInto(config, next);
  }
  if (!found && process.env.KUBERNETES_SERVICE_HOST) {
    try {
      config.loadFromCluster();
    } catch (error) {
      throw new ConnectionError(`cannot use the pod's service account: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  return config;
}

/** Undefined when the file does not exist and need not. */
async function readKubeconfig(
  into: KubeConfig,
  file: string,
  required: boolean,
): Promise<KubeConfig | undefined> {
  try {
    into.loadFromString(await readFile(file, 'utf8'));
    into.makePathsAbsolute(dirname(file));
    return into;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !required) return undefined;
    throw new ConnectionError(`cannot read kubeconfig ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Of two entries with one name the first wins, as with kubectl. */
function mergeInto(config: KubeConfig, next: KubeConfig): void {
  const add = <T extends { name: string }>(to: T[], from: T[] | undefined) => {
    for (const entry of from ?? []) if (!to.some(({ name }) => name === entry.name)) to.push(entry);
  };
  add(config.clusters, next.clusters);
  add(config.users, next.users);
  add(config.contexts, next.contexts);
  config.currentContext ||= next.currentContext ?? '';
}

function chooseContext(config: KubeConfig, options: ConnectionOptions): Context | undefined {
  const name = options.context || config.currentContext;
  const context = config.contexts.find((each) => each.name === name);
  if (name && !context) {
    throw new ConnectionError(
      `context ${JSON.stringify(name)} is not in the kubeconfig${known(config.contexts)}`,
    );
  }
  return context;
}

function chooseCluster(
  config: KubeConfig,
  context: Context | undefined,
  options: ConnectionOptions,
): Cluster {
  const name = options.cluster || context?.cluster;
  const cluster = config.clusters.find((each) => each.name === name);
  if (name && !cluster) {
    throw new ConnectionError(
      `cluster ${JSON.stringify(name)} is not in the kubeconfig${known(config.clusters)}`,
    );
  }
  const server = options.server || cluster?.server;
  if (!server) {
    throw new ConnectionError(
      'no cluster to talk to: give --kubeconfig, set KUBECONFIG, or start one on this machine with `kanari up`',
    );
  }
  if (!/^https?:\/\//.test(server) || !URL.canParse(server)) {
    throw new ConnectionError(`server ${JSON.stringify(server)} must be a URL with http:// or https://`);
  }
  const skip = options.insecureSkipTlsVerify ?? cluster?.skipTLSVerify ?? false;
  return {
    ...cluster,
    name: name || 'server',
    server,
    // The library refuses plain HTTP otherwise; there is no certificate to verify.
    skipTLSVerify: skip || server.startsWith('http:'),
    ...(options.certificateAuthority && { caFile: options.certificateAuthority, caData: undefined }),
    ...(options.tlsServerName && { tlsServerName: options.tlsServerName }),
  };
}

async function chooseUser(
  config: KubeConfig,
  context: Context | undefined,
  options: ConnectionOptions,
): Promise<User> {
  const name = options.user || context?.user;
  const user = config.users.find((each) => each.name === name);
  if (name && !user) {
    throw new ConnectionError(`user ${JSON.stringify(name)} is not in the kubeconfig${known(config.users)}`);
  }
  // A credential flag replaces what the file says of the same kind; a token also replaces plugins.
  return {
    ...user,
    name: name || 'user',
    ...(options.token && { token: options.token, exec: undefined, authProvider: undefined }),
    ...(options.username && { username: options.username, password: options.password ?? '' }),
    ...(options.clientCertificate && { certFile: options.clientCertificate, certData: undefined }),
    ...(options.clientKey && { keyFile: options.clientKey, keyData: undefined }),
    ...(options.as && { impersonateUser: options.as }),
  };
}

interface Credentials {
  tls: TlsOptions;
  headers: Record<string, string>;
}

/** Runs the user's auth plugin when there is one. */
async function authenticate(config: KubeConfig, cluster: Cluster): Promise<Credentials> {
  const options: TlsOptions & { headers?: Record<string, string>; auth?: string } = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new ConnectionError(`cannot get credentials for ${cluster.server}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const basic = options.auth && { authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` };
  return {
    tls: {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(servername && { servername }),
      ...(rejectUnauthorized === false && { rejectUnauthorized }),
    },
    headers: { ...basic, ...options.headers },
  };
}

function impersonate(options: ConnectionOptions): Record<string, string | string[]> {
  if (!options.as && (options.asGroup?.length || options.asUid)) {
    throw new ConnectionError('--as-group and --as-uid need --as: the user to act as');
  }
  return {
    ...(options.asGroup?.length && { 'Impersonate-Group': options.asGroup }),
    ...(options.asUid && { 'Impersonate-Uid': options.asUid }),
  };
}

function known(entries: readonly { name: string }[]): string {
  return entries.length > 0 ? `; it has ${entries.map(({ name }) => name).join(', ')}` : '; it has none';
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
