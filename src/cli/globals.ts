import { Option } from 'commander';
import { CliError } from './errors.ts';
import { integerOption, listOption } from './flags.ts';
import { type ClusterChoice, preferredLocalKubeconfig, type Surroundings } from './local.ts';

/** The flags that every command understands (CLI §1). */

const logLevels = ['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'];

export function globalOptions(): Option[] {
  return [
    new Option(
      '--as <string>',
      'Username to impersonate for the operation. User could be a regular user or a service account in a namespace',
    ),
    listOption('--as-group <group>', 'Group to impersonate for the operation; may be given several times'),
    new Option('--as-uid <string>', 'UID to impersonate for the operation'),
    new Option('--cache-dir <string>', 'Accepted for compatibility; nothing is cached on disk'),
    new Option('--certificate-authority <file>', 'Certificate file of the authority that signed the server'),
    new Option('--client-certificate <file>', 'Client certificate file for TLS'),
    new Option('--client-key <file>', 'Client key file for TLS'),
    new Option('--cluster <name>', 'Cluster of the kubeconfig to use'),
    new Option('--context <name>', 'Context of the kubeconfig to use'),
    new Option('--disable-compression', 'Accepted for compatibility; answers are never compressed'),
    new Option('--insecure-skip-tls-verify', "Do not check the server's certificate. This makes it insecure"),
    new Option('--kubeconfig <file>', 'Kubeconfig file to use'),
    integerOption(
      '-v, --kloglevel <int>',
      'Log level of the Kubernetes client; 1 tells which cluster is used',
      0,
    ),
    new Option('--loglevel <level>', `Log level of the program: ${logLevels.join(', ')}`)
      .default('info')
      .argParser((level: string) => {
        if (logLevels.includes(level.toLowerCase())) return level.toLowerCase();
        throw new CliError(`not a valid logrus Level: ${JSON.stringify(level)}`);
      }),
    new Option('-n, --namespace <name>', 'Namespace to work in'),
    new Option(
      '--request-timeout <duration>',
      'Time for a single request, such as 30s; a bare number is seconds, 0 no limit',
    )
      .default(0, '0')
      .argParser(parseRequestTimeout),
    new Option('-s, --server <url>', 'Address and port of the Kubernetes API server'),
    new Option('--tls-server-name <name>', "Name that the server's certificate must carry"),
    new Option('--token <string>', 'Bearer token for the API server'),
    new Option('--user <name>', 'User of the kubeconfig to use'),
  ];
}

/** What the global flags hold once they are parsed. */
export interface GlobalFlags extends ClusterChoice {
  as?: string;
  asGroup?: string[];
  asUid?: string;
  certificateAuthority?: string;
  clientCertificate?: string;
  clientKey?: string;
  insecureSkipTlsVerify?: boolean;
  kloglevel: number;
  loglevel: string;
  namespace?: string;
  /** Milliseconds; 0: no limit. */
  requestTimeout: number;
  tlsServerName?: string;
  token?: string;
}

/** What `loadConnection` is asked for. */
export function connectionOptions(flags: GlobalFlags, invokedAs: string, around: Surroundings) {
  return {
    kubeconfig: flags.kubeconfig ?? preferredLocalKubeconfig(invokedAs, flags, around),
    context: flags.context,
    cluster: flags.cluster,
    user: flags.user,
    server: flags.server,
    token: flags.token,
    certificateAuthority: flags.certificateAuthority,
    clientCertificate: flags.clientCertificate,
    clientKey: flags.clientKey,
    tlsServerName: flags.tlsServerName,
    insecureSkipTlsVerify: flags.insecureSkipTlsVerify,
    as: flags.as,
    asGroup: flags.asGroup,
    asUid: flags.asUid,
    namespace: flags.namespace,
    requestTimeoutMs: flags.requestTimeout > 0 ? flags.requestTimeout : undefined,
  };
}

function parseRequestTimeout(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 's'];
  if (!match || unit === undefined) {
    throw new CliError(
      `invalid argument ${JSON.stringify(text)} for "--request-timeout" flag: must be a number of seconds or a duration such as 500ms, 30s, 2m`,
    );
  }
  return Number(match[1]) * unit;
}
