import { Duplex } from 'node:stream';
import { type ForwardTarget, forwardPort } from './forward.ts';
import { acceptWebSocket, Channels, type Upgrade } from './websocket.ts';

/** Protocols of port-forward over WebSocket, as Kubernetes names them. */
export const WEBSOCKET_FORWARD_PROTOCOLS = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'] as const;

/**
 * Forwards one connection to each of the ports. Port n has the channels 2n for data and 2n + 1 for errors; the first
 * message of each is the port's number, in two bytes, little-endian.
 */
export function websocketForward(
  upgrade: Upgrade,
  protocol: string,
  target: ForwardTarget,
  ports: readonly number[],
): Promise<Channels> {
  return acceptWebSocket(upgrade, protocol, (socket) => {
    const channels = new Channels(socket, { isBase64: protocol.includes('base64') });
    forwardEach(channels, target, ports);
    return channels;
  });
}

function forwardEach(channels: Channels, target: ForwardTarget, ports: readonly number[]): void {
  let open = ports.length;
  ports.forEach((port, index) => {
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    const errors = channels.writer(2 * index + 1);
    const output = channels.writer(2 * index);
    output.write(number);
    errors.write(number);
    const data = Duplex.from({ readable: channels.reader(2 * index), writable: output });
    data.on('error', () => {});
    // There is no telling a client that half of a connection has ended.
    output.once('finish', () => data.destroy());
    data.once('close', () => {
      open -= 1;
      // What went wrong is told before.
      if (open === 0) errors.end(() => channels.close());
    });
    forwardPort(target, port, data, errors);
  });
}
