import { StateUnusableError } from '../../cluster/apiserver/index.ts';
import { CliError, messageOf } from '../errors.ts';

/** The flags that choose ports, by their ports. */
export interface PortFlags {
  port: number;
  gatewayPort: number;
  metricsPort: number;
  controllerMetricsPort: number;
}

/** With which the state directory or a file in it is refused; ENOENT: it cannot even be made. */
const DIRECTORY_CODES = new Set(['EACCES', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'ENOSPC']);

/** Why the cluster cannot start, with what to do about it: a port in use names the flag that chooses another. */
export function refusal(error: unknown, stateDir: string, flags: PortFlags): CliError {
  if (error instanceof StateUnusableError) return new CliError(error.message, 1, error);
  const { code, port } = rootCause(error);
  const flag = port !== undefined && flagOf(port, flags);
  if (flag && code === 'EADDRINUSE') {
    return new CliError(
      `port ${port} of 127.0.0.1 is in use by another program: stop that, or choose another port with ${flag} (0: any that is free)`,
      1,
      error,
    );
  }
  if (flag && code === 'EACCES') {
    return new CliError(`port ${port} may not be used by you: choose one above 1023 with ${flag}`, 1, error);
  }
  if (code !== undefined && DIRECTORY_CODES.has(code)) {
    return new CliError(
      `the state directory ${stateDir} cannot be used (${messageOf(error)}): choose another with --state-dir`,
      1,
      error,
    );
  }
  return new CliError(messageOf(error), 1, error);
}

interface SystemError extends Error {
  code?: string;
  port?: number;
}

function rootCause(error: unknown): { code?: string | undefined; port?: number | undefined } {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code, port } = each as SystemError;
    if (code?.startsWith('E')) return { code, port };
  }
  return {};
}

function flagOf(port: number, flags: PortFlags): string | undefined {
  if (port === flags.port) return '--port';
  if (port === flags.gatewayPort) return '--gateway-port';
  if (port === flags.metricsPort) return '--metrics-port';
  return port === flags.controllerMetricsPort ? '--controller-metrics-port' : undefined;
}
