import type { Duplex } from 'node:stream';
import { SpdyConnection, type SpdyStream } from './spdy/index.ts';
import type { Upgrade } from './websocket.ts';

/** Answers a request to speak SPDY/3.1. `protocol` is one that the client offered. */
export function acceptSpdy(
  { socket, head }: Upgrade,
  protocol: string,
  onStream: (stream: SpdyStream) => void,
): SpdyConnection {
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: SPDY/3.1',
      ...(protocol ? [`X-Stream-Protocol-Version: ${protocol}`] : []),
      '\r\n',
    ].join('\r\n'),
  );
  return connectSpdy(socket, head, onStream);
}

/** SPDY on a transport on which it has been agreed. */
export function connectSpdy(
  transport: Duplex,
  head: Buffer,
  onStream: (stream: SpdyStream) => void,
): SpdyConnection {
  transport.on('error', () => transport.destroy());
  if (head.length > 0) transport.unshift(head);
  return new SpdyConnection(transport, onStream);
}
