import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command, type Option } from 'commander';
import { Rollouts } from '../../api/index.ts';
import { DEFAULT_SANDBOX_IMAGE } from '../../cluster/node/index.ts';
import { isNotFound, type KubeClient } from '../../kube/index.ts';
import type { Context, ExitCode, Run } from '../context.ts';
import { printLine } from '../context.ts';
import { CliError } from '../errors.ts';
import { durationOption, integerOption } from '../flags.ts';
import { withExamples } from '../help.ts';
import { defaultStateDir, PID_FILE } from '../local.ts';
import { VERSION } from '../version.ts';
import { printActivity } from './activity.ts';
import {
  type ClusterParts,
  type LocalCluster,
  type LocalClusterOptions,
  startLocalCluster,
} from './local-cluster.ts';
import { logTo } from './log-file.ts';
import { refusal } from './refusal.ts';
import { resetState } from './reset.ts';
import { welcome } from './screen.ts';

/** Those that the cluster takes as they are, and others. */
interface UpFlags extends Omit<LocalClusterOptions, 'stateDir' | 'example' | 'version' | 'clock' | 'log'> {
  stateDir?: string;
  example: boolean;
  fresh?: boolean;
}

/** How long a Service's address is waited for before it is left out of what is shown. */
const PROXY_PATIENCE_MS = 1000;
const EXAMPLE_FOLDER = fileURLToPath(new URL('../../../examples/canary', import.meta.url));
const EXAMPLE = { namespace: 'default', name: 'colorapi', image: 'particule/simplecolorapi', port: 80 };

export function upCommand(run: Run): Command {
  const command = new Command('up')
    .description(
      'Runs a Kubernetes cluster with Kanari in it on this machine: an API server, pods as processes, Services, a\n' +
        'gateway for Ingresses, and the controller. The first start deploys an example. Ctrl-C stops everything; the\n' +
        'next start finds the state as it was.',
    )
    .option('--state-dir <dir>', 'where the state is kept (default "$KANARI_STATE_DIR", else "~/.kanari")')
    .option('--fresh', 'begin with an empty cluster: forget the state')
    .option('--no-example', 'deploy no example')
    .option(
      '--api-server-only',
      'start the API server and nothing else: no controllers, node, gateway or example; for tests of controllers',
      false,
    )
    .option(
      '--container-engine <socket>',
      'socket of Docker, Podman or the like, which runs the images that no program of this machine stands for; ' +
        '"auto": the one that answers, if any; "none"',
      'auto',
    )
    .option(
      '--sandbox-image <image>',
      'what the container engine runs for a pod with several containers, to hold the network that they share',
      DEFAULT_SANDBOX_IMAGE,
    );
  for (const [flag, what, port] of [
    ['port', 'API server (HTTPS)', 6443],
    ['gateway-port', 'gateway (HTTP)', 8080],
    ['metrics-port', "gateway's metrics", 10_254],
    ['controller-metrics-port', "controller's metrics", 8090],
  ] as const) {
    command.addOption(portOption(`--${flag} <port>`, `port of the ${what}; 0: any that is free`, port));
  }
  for (const [flag, what] of [
    ['metric-resolution', 'what pods use is measured'],
    ['horizontal-pod-autoscaler-sync-period', 'HorizontalPodAutoscalers look at it'],
  ] as const) {
    command.addOption(periodOption(`--${flag} <duration>`, `how often ${what}`, 15_000));
  }
  command.action((flags: UpFlags) => run((context) => up(flags, context)));
  return withExamples(
    command,
    { what: 'Run it', line: '{cmd} up' },
    {
      what: 'Run a second one beside it, on free ports',
      line: '{cmd} up --state-dir /tmp/second --port 0 --gateway-port 0 --metrics-port 0 --controller-metrics-port 0',
    },
    { what: 'Begin again', line: '{cmd} up --fresh' },
  );
}

function portOption(flags: string, description: string, fallback: number): Option {
  const option = integerOption(flags, description, fallback);
  const parse = option.parseArg;
  return option.argParser((text: string, before: number) => {
    const port = parse?.(text, before) as unknown as number;
    if (port < 0 || port > 65_535) {
      throw new CliError(
        `invalid argument ${JSON.stringify(text)} for "${option.long}" flag: must be from 0 to 65535`,
      );
    }
    return port;
  });
}

const SHORTEST_PERIOD_MS = 1000;

function periodOption(flags: string, description: string, fallbackMs: number): Option {
  const option = durationOption(flags, description, fallbackMs);
  const parse = option.parseArg;
  return option.argParser((text: string, before: number) => {
    const ms = parse?.(text, before) as unknown as number;
    if (ms < SHORTEST_PERIOD_MS) {
      throw new CliError(
        `invalid argument ${JSON.stringify(text)} for "${option.long}" flag: must be at least 1s`,
      );
    }
    return ms;
  });
}

/** Runs the embedded cluster until it is interrupted. */
export async function up(flags: UpFlags, context: Context): Promise<ExitCode> {
  const interrupted = context.interrupted();
  const stateDir = flags.stateDir ? resolve(flags.stateDir) : defaultStateDir();
  const logFile = join(stateDir, 'kanari.log');
  let cluster: LocalCluster;
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    if (flags.fresh) await resetState(stateDir);
    const log = await logTo(logFile);
    cluster = await startLocalCluster({
      ...flags,
      stateDir,
      example: flags.example && !flags.apiServerOnly ? EXAMPLE_FOLDER : undefined,
      version: VERSION,
      clock: context.clock,
      log,
    });
  } catch (error) {
    throw refusal(error, stateDir, flags);
  }
  const pidFile = join(stateDir, PID_FILE);
  await writeFile(pidFile, `${process.pid}\n`);

  const example = cluster.parts && (await findExample(cluster.client, cluster.parts));
  const text = welcome(
    {
      version: VERSION,
      ...cluster,
      logFile,
      stateDir,
      startedInMs: performance.now(),
      example,
    },
    context.stdout,
    context.env,
  );
  printLine(context.stdout, text);
  const stopPrinting = printActivity(cluster.informers, context.stdout, () => new Date());

  if (!interrupted.aborted) await once(interrupted, 'abort');
  stopPrinting();
  printLine(context.stdout, 'Stopping.');
  await cluster.stop();
  await rm(pidFile, { force: true });
}

/** The example with the address of its Service, if it is there. */
async function findExample(client: KubeClient, { addressOf }: ClusterParts) {
  const { namespace, name, image, port } = EXAMPLE;
  try {
    await client.get({ type: Rollouts, namespace, name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  for (const deadline = performance.now() + PROXY_PATIENCE_MS; performance.now() < deadline; ) {
    const service = addressOf(namespace, name, port);
    if (service) return { name, image, service };
    await sleep(10);
  }
  return { name, image, service: undefined };
}
