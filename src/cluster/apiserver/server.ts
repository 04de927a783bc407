import type { Logger } from 'pino';
import type { Clock } from '../../api/index.ts';
import { Authenticator } from './access/authenticate.ts';
import { Authorizer } from './access/authorize.ts';
import { CertificateSigner } from './access/certificate-signer.ts';
import { issueServerCertificate } from './access/certificates.ts';
import { installBootstrapAccess, RoleAggregation } from './access/cluster-roles.ts';
import { isLive } from './access/liveness.ts';
import { ServiceAccountTokens } from './access/service-account-tokens.ts';
import { StateFiles } from './access/state-files.ts';
import { ADMIN, ANONYMOUS, type User } from './access/users.ts';
import { firstAddress, parseAddressRange } from './admission/addresses.ts';
import { BuiltinAdmission, SYSTEM_NAMESPACES } from './admission/index.ts';
import { LocalApiServices } from './bootstrap/api-services.ts';
import { installFlowControl } from './bootstrap/flow-control.ts';
import { installPriorityClasses } from './bootstrap/priority-classes.ts';
import type { ApiContext } from './http/context.ts';
import { Dispatcher } from './http/dispatch.ts';
import { Exchange } from './http/exchange.ts';
import { InFlight, type InFlightOptions } from './http/inflight.ts';
import { type Listener, listen } from './http/listen.ts';
import { builtinKinds } from './kinds/index.ts';
import { openSqliteLog } from './log/index.ts';
import { metricsKinds } from './metrics/index.ts';
import { CustomKinds } from './registry/custom-kinds.ts';
import { Registry } from './registry/registry.ts';
import { createObject } from './rest/create.ts';
import { deleteObject } from './rest/delete.ts';
import { internalError, StatusError } from './status.ts';
import { type Compaction, Store } from './store/index.ts';
import { EventLines } from './watch/lines.ts';

export interface ApiServerOptions {
  /** Folder of the database, certificates, tokens and kubeconfig; made when missing. */
  stateDir: string;
  /** Default: 6443; 0: any that is free. */
  port?: number;
  /** Address to listen on. Default: 127.0.0.1. */
  host?: string;
  /** Where Services get their cluster IPs from. Default: 127.96.0.0/16. */
  serviceCidr?: string;
  clock: Clock;
  log: Logger;
  /** How much of the past watches and pages can go back to. Default: 10,000 revisions and 5 minutes. */
  compaction?: Partial<Compaction>;
  /** Serves `metrics.k8s.io` from what the node agents say. Default: false. */
  metrics?: boolean;
  /** How many requests are worked on at once, and how many wait. */
  inFlight?: InFlightOptions;
  /** Further bearer tokens and whose they are. */
  tokens?: Readonly<Record<string, User>>;
}

export interface ApiServer {
  /** E.g. `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly caPem: string;
  /** Bearer token of the administrator. */
  readonly adminToken: string;
  readonly kubeconfigPath: string;
  /** Bearer token with which the server asks node agents for logs. */
  readonly nodeToken: string;
  /** Ends watches, finishes writes, releases the state directory. Idempotent. */
  close(): Promise<void>;
}

const DEFAULT_PORT = 6443;
const DEFAULT_SERVICE_CIDR = '127.96.0.0/16';
const SERVER_NAMES = [
  '127.0.0.1',
  '::1',
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/**
 * Starts the API server.
 * @throws StateLockedError when another server uses the state directory
 * @throws StateDamagedError when what is in it cannot be read
 * @throws PortInUseError
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, host = '127.0.0.1', port = DEFAULT_PORT, serviceCidr = DEFAULT_SERVICE_CIDR } = options;
  const files = new StateFiles(options.stateDir);
  const store = await openStore(files.dir, options);
  let parts: ServerParts | undefined;
  try {
    const adminToken = files.secret('admin-token');
    parts = compose(store, files, adminToken, options);
    await Promise.all([
      makeNamespaces(parts.context),
      installBootstrapAccess(parts.context),
      installFlowControl(parts.context),
      installPriorityClasses(parts.context),
    ]);
    const authority = await files.authority(clock());
    const signer = new CertificateSigner(parts.context, authority, options.log);
    parts.stops.push(() => signer.stop());
    const certificate = await issueServerCertificate(authority, serverNames(host, serviceCidr), clock());
    const { context } = parts;
    const dispatcher = new InFlight(new Dispatcher(context), options.inFlight);
    const listener = await listen({ host, port, certificate, authority }, (request, response, upgrade) => {
      void answer(context, dispatcher, new Exchange(request, response, ANONYMOUS, upgrade));
    });
    const url = `https://${host === '0.0.0.0' ? '127.0.0.1' : host}:${listener.port}`;
    const kubeconfigPath = files.kubeconfig({
      server: url,
      caPem: authority.certPem,
      token: adminToken,
    });
    const close = closer(parts, listener);
    return {
      url,
      caPem: authority.certPem,
      adminToken,
      kubeconfigPath,
      nodeToken: context.nodeToken,
      close,
    };
  } catch (error) {
    for (const stop of parts?.stops ?? []) stop();
    await store.close();
    throw error;
  }
}

/** Under which names and addresses clients reach the server; within the cluster at the first address of Services. */
function serverNames(host: string, serviceCidr: string): string[] {
  const names = [...SERVER_NAMES, firstAddress(parseAddressRange(serviceCidr))];
  return names.includes(host) || host === '0.0.0.0' ? names : [...names, host];
}

/** A log that cannot be read is closed again, so that the directory is not left locked. */
async function openStore(stateDir: string, { clock, compaction }: ApiServerOptions): Promise<Store> {
  const log = openSqliteLog(stateDir);
  try {
    return new Store(log, { clock, compaction });
  } catch (error) {
    await log.close();
    throw error;
  }
}

interface ServerParts {
  context: ApiContext;
  /** End what follows the store. */
  stops: (() => void)[];
}

function compose(
  store: Store,
  files: StateFiles,
  adminToken: string,
  options: ApiServerOptions,
): ServerParts {
  const { clock, log, serviceCidr = DEFAULT_SERVICE_CIDR, tokens = {}, metrics = false } = options;
  const registry = new Registry(store, [...builtinKinds, ...(metrics ? metricsKinds : [])]);
  const serviceAccounts = new ServiceAccountTokens(files.secret('service-account-key'));
  const authorizer = new Authorizer(store);
  const authenticator = new Authenticator({
    tokens: new Map([...Object.entries(tokens), [adminToken, ADMIN]]),
    serviceAccounts,
    clock,
    authorizer,
    isLive: (identity) => isLive(store, identity),
  });
  const context: ApiContext = {
    store,
    registry,
    clock,
    admission: new BuiltinAdmission(store, serviceCidr),
    authenticator,
    authorizer,
    serviceAccounts,
    nodeToken: files.secret('node-token'),
    watches: new Set(),
    eventLines: new EventLines(),
    log,
  };
  const customKinds = new CustomKinds({
    store,
    registry,
    clock,
    log,
    remove: async (kind, namespace, name) => {
      await deleteObject(context, { kind, namespace, name }, { dryRun: false });
    },
  });
  const followers = [customKinds, new RoleAggregation(context, log), new LocalApiServices(context, log)];
  return { context, stops: followers.map((follower) => () => follower.stop()) };
}

async function makeNamespaces(context: ApiContext): Promise<void> {
  const kind = context.registry.find('', 'v1', 'namespaces');
  if (!kind) return;
  const missing = SYSTEM_NAMESPACES.filter(
    (name) => !context.store.latest(context.registry.resourceOf(kind), name),
  );
  const options = {
    dryRun: false,
    fieldManager: 'kube-apiserver',
    fieldValidation: 'Strict',
    force: undefined,
  } as const;
  await Promise.all(
    missing.map((name) =>
      createObject(context, { kind }, { metadata: { name } }, { options, custom: false, warn: () => {} }),
    ),
  );
}

/** Answers one request; whatever goes wrong becomes a Status. */
async function answer(context: ApiContext, dispatcher: InFlight, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  // A client that goes away is no fault of ours.
  response.on('error', () => {});
  request.on('error', () => {});
  try {
    exchange.user = context.authenticator.user(request.headers, request.socket);
    await dispatcher.dispatch(exchange).catch(async (error) => {
      // A refusal, too, may come from a write that is not durable yet.
      await context.store.settled();
      throw error;
    });
  } catch (error) {
    if (!(error instanceof StatusError)) {
      context.log.error(
        { err: error, method: exchange.method, path: exchange.url.pathname },
        'request failed',
      );
    }
    exchange.sendError(error instanceof StatusError ? error : internalError((error as Error).message));
  }
}

function closer({ context, stops }: ServerParts, listener: Listener): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= (async () => {
      for (const watch of context.watches) watch.end();
      // The ends of the watches go out before the connections are broken off.
      await new Promise((resolve) => setImmediate(resolve));
      await listener.close();
      for (const stop of stops) stop();
      await context.store.close();
    })();
    return closed;
  };
}
