import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../testing/harness.ts';
import { socketPair } from '../testing.ts';
import { HEADER_DICTIONARY } from './dictionary.ts';
import {
  controlFrame,
  dataHead,
  FLAG_FIN,
  type Frame,
  FrameType,
  numberAt,
  numbers,
  readFrames,
} from './frames.ts';
import { HeaderCodec, type Headers } from './headers.ts';
import { SpdyConnection, type SpdyStream } from './index.ts';
import { SpdyClient } from './testing.ts';

describe('frames', () => {
  const framesOf = async (...chunks: Buffer[]) => {
    const frames: Frame[] = [];
    for await (const frame of readFrames(Readable.from(chunks))) frames.push(frame);
    return frames;
  };

  it('are found however the bytes are cut', async () => {
    const bytes = Buffer.concat([
      dataHead(7, 5, true),
      Buffer.from('hello'),
      controlFrame(FrameType.ping, 0, numbers(1)),
      dataHead(9, 0, false),
    ]);
    for (let size = 1; size <= bytes.length; size++) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      expect(await framesOf(...chunks)).toEqual([
        { streamId: 7, fin: true, data: Buffer.from('hello') },
        { type: FrameType.ping, flags: 0, payload: numbers(1) },
        { streamId: 9, fin: false, data: Buffer.alloc(0) },
      ]);
    }
  });

  it('of another version, or too long, are refused', async () => {
    const other = controlFrame(FrameType.ping, 0, numbers(1));
    other.writeUInt16BE(0x8002, 0);
    await expect(framesOf(other)).rejects.toThrow('version 2 is not supported');
    await expect(framesOf(dataHead(1, 0xffffff, false))).rejects.toThrow('16777215 bytes is too long');
  });
});

describe('headers', () => {
  it('begin with the dictionary of SPDY/3, whose Adler-32 checksum is known', () => {
    const compressed = deflateSync('', { dictionary: HEADER_DICTIONARY });
    expect(compressed.subarray(2, 6).toString('hex')).toBe('e3c6a7c2');
  });

  it('are written and read as one stream', async () => {
    const writer = new HeaderCodec();
    const reader = new HeaderCodec();
    const blocks: Headers[] = [{ streamtype: 'data', port: '80' }, {}, { streamtype: 'data', port: '81' }];
    for (const headers of blocks) {
      expect(await reader.decode(await writer.encode(headers))).toEqual(headers);
    }
  });

  it('that are broken or swell are refused', async () => {
    await expect(new HeaderCodec().decode(Buffer.from('no zlib'))).rejects.toThrow('headers cannot be read');
    const short = await new HeaderCodec().encode({ name: 'value' });
    await expect(new HeaderCodec().decode(short.subarray(0, 8))).rejects.toThrow('headers end early');
    const bomb = await new HeaderCodec().encode({ name: 'x'.repeat(10_000_000) });
    expect(bomb.length).toBeLessThan(100_000);
    await expect(new HeaderCodec().decode(bomb)).rejects.toThrow('more than 65536 bytes');
  });
});

describe('a connection', () => {
  let client: SpdyClient;
  let sockets: [Socket, Socket];
  let connection: SpdyConnection;
  let streams: SpdyStream[];

  beforeEach(async () => {
    sockets = await socketPair();
    streams = [];
    client = new SpdyClient(sockets[0]);
    client.ended.catch(() => {});
    connection = new SpdyConnection(sockets[1], (stream) => streams.push(stream));
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    return connection.closed;
  });

  const opened = async (id: number) => until(() => streams.find((stream) => stream.id === id));

  it('gives streams with their headers, and replies', async () => {
    const id = await client.open({ streamType: 'stdin', port: '80' });
    expect((await opened(id)).headers).toEqual({ streamtype: 'stdin', port: '80' });
    const [reply] = await until(
      () => client.controls(FrameType.synReply)[0] && client.controls(FrameType.synReply),
    );
    expect(numberAt(reply!, 0)).toBe(id);
  });

  it('carries both directions, each with its own end', async () => {
    const id = await client.open({});
    const stream = await opened(id);
    client.send(id, 'to ');
    client.send(id, 'server', true);
    expect(await text(stream)).toBe('to server');
    stream.write('to ');
    stream.end('client');
    await until(() => client.received(id).fin);
    expect(client.received(id).text).toBe('to client');
    expect(client.controls(FrameType.rstStream)).toEqual([]);
  });

  it('opens streams that are half closed at once', async () => {
    const stream = await opened(await client.open({}, FLAG_FIN));
    expect(await text(stream)).toBe('');
  });

  it('answers pings of the client, not answers', async () => {
    client.control(FrameType.ping, 2);
    client.control(FrameType.ping, 3);
    await until(() => client.controls(FrameType.ping).length > 0);
    expect(client.controls(FrameType.ping).map((frame) => numberAt(frame, 0))).toEqual([3]);
  });

  it('passes resets on, in both directions', async () => {
    const [first, second] = [await client.open({}), await client.open({})];
    (await opened(first)).destroy();
    await until(() => client.controls(FrameType.rstStream)[0]);
    expect(numberAt(client.controls(FrameType.rstStream)[0]!, 0)).toBe(first);
    const stream = await opened(second);
    client.control(FrameType.rstStream, second, 5);
    await until(() => stream.destroyed);
    expect(client.controls(FrameType.rstStream)).toHaveLength(1);
  });

  it('refuses ids that go back, and data for streams that never were', async () => {
    const block = await new HeaderCodec().encode({});
    sockets[0].write(
      controlFrame(FrameType.synStream, 0, Buffer.concat([numbers(2, 0), Buffer.alloc(2), block])),
    );
    client.send(41, 'lost');
    await until(() => client.controls(FrameType.rstStream).length === 2);
    expect(client.controls(FrameType.rstStream).map((frame) => numberAt(frame, 0))).toEqual([2, 41]);
    expect(streams).toEqual([]);
  });

  it('ends when the client breaks the protocol or goes, with all its streams', async () => {
    const stream = await opened(await client.open({}));
    sockets[0].write(dataHead(1, 0xffffff, false));
    await connection.closed;
    expect(stream.destroyed).toBe(true);
  });

  it('lets a client that does not stop sending wait for whoever does not read', async () => {
    const id = await client.open({});
    const stream = await opened(id);
    const chunk = Buffer.alloc(64 * 1024);
    let sent = 0;
    while (sockets[0].writableLength < 4_000_000) {
      client.send(id, chunk);
      sent += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
      if (sent > 64_000_000) throw new Error('nothing holds the client back');
    }
    expect(stream.readableLength).toBeLessThan(1_000_000);
    client.send(id, '', true);
    let read = 0;
    for await (const part of stream) read += part.length;
    expect(read).toBe(sent);
  });

  it('lets whoever sends wait for a client that does not read', async () => {
    const stream = await opened(await client.open({}));
    sockets[0].pause();
    let sent = 0;
    while (stream.write(Buffer.alloc(64 * 1024)) || sent < 1_000_000) sent += 64 * 1024;
    expect(sockets[1].writableLength).toBeLessThan(1_000_000);
    expect(stream.writableNeedDrain).toBe(true);
  });
});
