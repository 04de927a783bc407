import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Frame, FrameReader } from './frames.ts';

const encode = ({ stream, data }: Frame) => {
  const header = Buffer.alloc(8);
  header[0] = stream === 'stderr' ? 2 : 1;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
};

it('takes a stream apart wherever the network has cut it', async () => {
  const frame = fc.record({
    stream: fc.constantFrom<'stdout' | 'stderr'>('stdout', 'stderr'),
    data: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { maxLength: 6 }),
      fc.integer({ min: 1, max: 20 }),
      async (frames, size) => {
        const bytes = Buffer.concat(frames.map(encode));
        const pieces: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
        const read = await Readable.from(pieces).pipe(new FrameReader()).toArray();
        expect(read).toEqual(frames);
      },
    ),
    { numRuns: 50 },
  );
});
