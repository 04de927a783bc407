import { setTimeout as delay } from 'node:timers/promises';
import { Command, Option } from 'commander';
import type { Logger } from 'pino';
import {
  AnalysisRuns,
  AnalysisTemplates,
  VERSION as API_VERSION,
  ClusterAnalysisTemplates,
  Experiments,
  GROUP,
  Namespaces,
  Rollouts,
} from '../api/index.ts';
import { type ControllerOptions, startController } from '../controller/index.ts';
import {
  ApiError,
  checkLeaseTimes,
  createClient,
  isNotFound,
  type KubeClient,
  loadConnection,
} from '../kube/index.ts';
import type { Context, Run } from './context.ts';
import { createLog, type LogFormat } from './controller-log.ts';
import { controllerNamespace } from './controller-namespace.ts';
import { CliError, messageOf, UsageError } from './errors.ts';
import { durationOption, integerOption } from './flags.ts';
import { connectionOptions, type GlobalFlags, globalOptions } from './globals.ts';
import { withExamples } from './help.ts';
import { surroundings } from './local.ts';
import { VERSION } from './version.ts';

/** Flags of `kanari controller` (OPS §2), beside those of the connection. */
interface ControllerFlags extends GlobalFlags {
  namespaced: boolean;
  instanceId: string;
  logformat: string;
  metricsPort: number;
  metricsport?: number;
  healthzPort: number;
  listenHost: string;
  rolloutThreads: number;
  analysisThreads: number;
  rolloutResync: number;
  leaderElect: boolean;
  leaderElectionLeaseDuration: number;
  leaderElectionRenewDeadline: number;
  leaderElectionRetryPeriod: number;
}

export function controllerCommand(run: Run): Command {
  const command = new Command('controller')
    .summary('Run the controller against a cluster')
    .description(
      'Run the controller against a cluster: it brings Rollouts and AnalysisRuns forward until it is stopped.\n\nThe cluster needs the CustomResourceDefinitions of manifests/crds.',
    )
    .version(VERSION, '--version', 'Print the version and exit');
  for (const option of globalOptions()) command.addOption(option);
  const options = [
    new Option(
      '--namespaced',
      'Work on one namespace only: that of --namespace, or of the kubeconfig',
    ).default(false),
    new Option(
      '--instance-id <id>',
      'Work only on objects whose label says that they belong to this instance',
    ).default(''),
    new Option('--logformat <format>', 'text or json').default('text'),
    integerOption('--metricsPort <port>', 'Port of /metrics', 8090),
    integerOption('--metricsport <port>', 'Deprecated: use --metricsPort').hideHelp(),
    integerOption('--healthzPort <port>', 'Port of /healthz and /readyz', 8080),
    new Option('--listen-host <address>', 'Address that the two ports are opened on').default('127.0.0.1'),
    integerOption('--rollout-threads <number>', 'How many Rollouts are worked on at once', 10),
    integerOption('--analysis-threads <number>', 'How many AnalysisRuns are worked on at once', 30),
    integerOption('--rollout-resync <seconds>', 'Look at every object again this often', 900),
    new Option(
      '--leader-elect',
      'Work only while holding a Lease, so that one of several replicas works',
    ).default(true),
    new Option('--no-leader-elect').hideHelp(),
    durationOption(
      '--leader-election-lease-duration <duration>',
      'How long the others wait for the leader',
      15_000,
    ),
    durationOption(
      '--leader-election-renew-deadline <duration>',
      'How long the leader tries to renew',
      10_000,
    ),
    durationOption('--leader-election-retry-period <duration>', 'Time between two attempts', 2_000),
  ];
  for (const option of options) command.addOption(option);
  return withExamples(
    command.action(() => run((context) => runController(command.opts<ControllerFlags>(), context))),
    {
      what: 'Run against the cluster of a kubeconfig, alone',
      line: '{cmd} controller --kubeconfig ~/.kube/config --leader-elect=false',
    },
  );
}

/**
 * Runs until a signal. The first SIGINT or SIGTERM lets it finish what is under way, a second one ends it at once with
 * code 1 (OPS-006).
 * @throws CliError with exit code 3 when the Lease is lost
 */
async function runController(flags: ControllerFlags, context: Context): Promise<void> {
  checkFlags(flags);
  const format = flags.logformat.toLowerCase();
  const known = format === 'text' || format === 'json';
  const log = createLog(flags.loglevel, known ? (format as LogFormat) : 'text', (line) =>
    context.stderr.write(line),
  );
  if (!known) log.info(`Unknown log format ${JSON.stringify(flags.logformat)}; using text`);
  if (flags.metricsport !== undefined) log.warn('--metricsport is deprecated, use --metricsPort');
  const signal = context.interrupted();
  signal.addEventListener('abort', () => log.info('stopping; another signal ends it at once'), {
    once: true,
  });
  await runUntil(signal, flags, log, context);
}

async function runUntil(
  signal: AbortSignal,
  flags: ControllerFlags,
  log: Logger,
  { clock, env }: Context,
): Promise<void> {
  // A local cluster has its controller already: unlike other commands this one never picks it by itself.
  const chosen = connectionOptions(flags, 'kubectl-argo-rollouts', surroundings());
  const connection = await loadConnection(chosen).catch((error: unknown) => {
    throw new CliError(messageOf(error), 1, error);
  });
  const client = createClient(connection, {
    userAgent: `kanari-controller/${VERSION}`,
    fieldManager: 'rollouts-controller',
  });
  try {
    if (!(await clusterReady(client, connection.server, signal, log))) return;
    if (flags.leaderElect) await checkLeaseNamespace(client, controllerNamespace(env));
    const controller = await startController({
      ...optionsOf(flags, connection.namespace, env),
      client,
      clock,
      log,
    });
    const stop = () => void controller.stop();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    if ((await controller.ended) === 'lost') {
      throw new CliError('the Lease was lost; another controller may be the leader now', 3);
    }
  } finally {
    await client.close();
  }
}

function optionsOf(
  flags: ControllerFlags,
  namespace: string,
  env: Context['env'],
): Omit<ControllerOptions, 'client' | 'clock' | 'log'> {
  return {
    version: VERSION,
    namespace: flags.namespaced ? namespace : undefined,
    instanceId: flags.instanceId || undefined,
    metricsAddress: { host: flags.listenHost, port: flags.metricsport ?? flags.metricsPort },
    healthAddress: { host: flags.listenHost, port: flags.healthzPort },
    rolloutThreads: flags.rolloutThreads,
    analysisThreads: flags.analysisThreads,
    resyncMs: flags.rolloutResync * 1000,
    leaderElection: flags.leaderElect
      ? { namespace: controllerNamespace(env), ...leaseTimes(flags) }
      : undefined,
  };
}

function leaseTimes(flags: ControllerFlags) {
  return {
    leaseDurationMs: flags.leaderElectionLeaseDuration,
    renewDeadlineMs: flags.leaderElectionRenewDeadline,
    retryPeriodMs: flags.leaderElectionRetryPeriod,
  };
}

/** OPS-005, OPS-026. */
function checkFlags(flags: ControllerFlags): void {
  const metricsPort = flags.metricsport ?? flags.metricsPort;
  const ports = { '--metricsPort': metricsPort, '--healthzPort': flags.healthzPort };
  for (const [flag, port] of Object.entries(ports)) {
    if (port < 1 || port > 65_535) throw new UsageError(`${flag} must be between 1 and 65535, not ${port}`);
  }
  if (metricsPort === flags.healthzPort) {
    throw new UsageError(`--metricsPort and --healthzPort must differ; both are ${metricsPort}`);
  }
  const numbers = {
    '--rollout-threads': flags.rolloutThreads,
    '--analysis-threads': flags.analysisThreads,
    '--rollout-resync': flags.rolloutResync,
  };
  for (const [flag, number] of Object.entries(numbers)) {
    if (number < 1) throw new UsageError(`${flag} must be at least 1, not ${number}`);
  }
  const mistake = flags.leaderElect ? checkLeaseTimes(leaseTimes(flags)) : undefined;
  if (mistake) throw new UsageError(mistake);
}

/**
 * Waits for the server, however long that takes; false when it was stopped meanwhile.
 * @throws CliError when the server does not know the resources of Kanari, or refuses us
 */
async function clusterReady(
  client: KubeClient,
  server: string,
  signal: AbortSignal,
  log: Logger,
): Promise<boolean> {
  for (let waitMs = 1_000; !signal.aborted; waitMs = Math.min(waitMs * 2, 10_000)) {
    try {
      const missing = await missingResources(client, signal);
      if (missing.length === 0) return true;
      const names = missing.map((plural) => `${plural}.${GROUP}`).join(', ');
      throw new CliError(
        `the cluster ${server} has no CustomResourceDefinition for ${names}. Install them with: kubectl apply --server-side -f manifests/crds`,
      );
    } catch (error) {
      if (signal.aborted) return false;
      const retry =
        error instanceof ApiError && (error.code === 0 || error.code >= 500 || error.code === 429);
      if (!retry) throw error;
      log.warn({ server, retryInMs: waitMs }, `cannot reach the cluster yet: ${error.message}`);
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return false;
}

/** @throws CliError when there is no namespace for the Lease, which would be waited for without end */
async function checkLeaseNamespace(client: KubeClient, name: string): Promise<void> {
  try {
    await client.get({ type: Namespaces, name });
  } catch (error) {
    // Whoever may not read namespaces may still write Leases.
    if (!isNotFound(error)) return;
    throw new CliError(
      `there is no namespace ${name}, where the controllers agree on a leader: create it with kubectl create namespace ${name}, name another with POD_NAMESPACE, or run alone with --leader-elect=false`,
    );
  }
}

async function missingResources(client: KubeClient, signal: AbortSignal): Promise<string[]> {
  const needed = [Rollouts, AnalysisRuns, AnalysisTemplates, ClusterAnalysisTemplates, Experiments];
  const names = needed.map(({ plural }) => plural);
  try {
    const response = await client.request('GET', `/apis/${GROUP}/${API_VERSION}`, { signal });
    const { resources = [] } = (await response.json()) as { resources?: { name: string }[] };
    return names.filter((name) => !resources.some((resource) => resource.name === name));
  } catch (error) {
    if (isNotFound(error)) return names;
    throw error;
  }
}
