import type { IncomingMessage } from 'node:http';
import type { CommandClient, CommandStreams } from './command.ts';
import type { ForwardTarget } from './forward.ts';
import { SPDY_COMMAND_PROTOCOLS, spdyCommand } from './spdy-command.ts';
import {
  SPDY_FORWARD_PROTOCOL,
  spdyForward,
  TUNNEL_FORWARD_PROTOCOL,
  tunnelForward,
} from './spdy-forward.ts';
import { UpgradeError } from './upgrade-error.ts';
import { offeredProtocols, type Upgrade } from './websocket.ts';
import { WEBSOCKET_COMMAND_PROTOCOLS, websocketCommand } from './websocket-command.ts';
import { WEBSOCKET_FORWARD_PROTOCOLS, websocketForward } from './websocket-forward.ts';

/** A client that is being served. */
interface Connection {
  readonly closed: Promise<void>;
}

/**
 * Agrees with a client of exec or attach on how to speak.
 * @throws UpgradeError while nothing has been answered; Error when the client goes away
 */
export function acceptCommand(upgrade: Upgrade, streams: CommandStreams): Promise<CommandClient> {
  if (isWebSocket(upgrade.request)) {
    const protocol = choose(offeredProtocols(upgrade.request), WEBSOCKET_COMMAND_PROTOCOLS);
    return websocketCommand(upgrade, protocol, streams);
  }
  const protocol = choose(offeredVersions(upgrade.request), SPDY_COMMAND_PROTOCOLS);
  return spdyCommand(upgrade, protocol, streams);
}

/**
 * Whether a client is upgraded before the node is asked for the container, as kube-apiserver does with version 5 of the
 * channels: what is wrong is told in the error channel then.
 */
export function isUpgradedFirst(request: IncomingMessage): boolean {
  return isWebSocket(request) && offeredProtocols(request).includes('v5.channel.k8s.io');
}

/**
 * Agrees with a client of port-forward on how to speak, and serves it. `ports` is needed by those that speak plain
 * WebSocket; the others name a port with each connection.
 * @throws UpgradeError while nothing has been answered
 */
export async function acceptForward(
  upgrade: Upgrade,
  target: ForwardTarget,
  ports: readonly number[],
): Promise<Connection> {
  if (!isWebSocket(upgrade.request)) {
    choose(offeredVersions(upgrade.request), [SPDY_FORWARD_PROTOCOL, '']);
    return spdyForward(upgrade, target);
  }
  const protocol = choose(offeredProtocols(upgrade.request), [
    TUNNEL_FORWARD_PROTOCOL,
    ...WEBSOCKET_FORWARD_PROTOCOLS,
  ]);
  if (protocol === TUNNEL_FORWARD_PROTOCOL) return tunnelForward(upgrade, target);
  if (ports.length === 0) throw new UpgradeError(400, 'query parameter "port" is required');
  return websocketForward(upgrade, protocol, target, ports);
}

/** @throws UpgradeError for any protocol but WebSocket and SPDY/3.1 */
function isWebSocket({ headers }: IncomingMessage): boolean {
  const wanted = headers.upgrade ?? '';
  if (/^websocket$/i.test(wanted)) return true;
  if (/^spdy\/3\.1$/i.test(wanted)) return false;
  throw new UpgradeError(
    400,
    `unable to upgrade: protocol ${JSON.stringify(wanted)} is not supported; supported: websocket, SPDY/3.1`,
  );
}

/** The versions that a client of SPDY offers, best first; none is the first one. */
function offeredVersions({ headers }: IncomingMessage): string[] {
  const offered = headers['x-stream-protocol-version'];
  if (offered === undefined) return [''];
  return (Array.isArray(offered) ? offered.join(',') : offered).split(',').map((name) => name.trim());
}

function choose(offered: readonly string[], known: readonly string[]): string {
  const chosen = offered.find((name) => known.includes(name));
  if (chosen !== undefined) return chosen;
  const list = (names: readonly string[]) => `[${names.filter(Boolean).join(' ')}]`;
  throw new UpgradeError(
    403,
    `unable to upgrade: unable to negotiate protocol: client supports ${list(offered)}, server accepts ${list(known)}`,
  );
}
