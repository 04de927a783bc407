import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { decodeJson, decodeYaml, readBody } from './body.ts';

const LIMIT = 3 * 1024 * 1024;

describe('a body', () => {
  it('of exactly 3 MiB is read', async () => {
    const stream = new PassThrough();
    const read = readBody(stream, String(LIMIT));
    stream.write(Buffer.alloc(LIMIT - 1));
    stream.end('x');
    expect(await read).toHaveLength(LIMIT);
  });

  it('of one byte more is refused, whether it says so or not', async () => {
    const refusal = { code: 413, message: 'Request entity too large: limit is 3145728' };
    await expect(readBody(new PassThrough(), String(LIMIT + 1))).rejects.toMatchObject(refusal);
    const stream = new PassThrough();
    const read = readBody(stream);
    stream.end(Buffer.alloc(LIMIT + 1));
    await expect(read).rejects.toMatchObject(refusal);
  });

  it('that never comes is refused after its time', async () => {
    const stream = new PassThrough();
    const read = readBody(stream, undefined, 20);
    stream.write('{');
    await expect(read).rejects.toMatchObject({ code: 504, reason: 'Timeout' });
  });

  it('that is refused is thrown away for a while, then its connection is cut', async () => {
    vi.useFakeTimers();
    try {
      const stream = new PassThrough();
      await expect(readBody(stream, '9999999')).rejects.toMatchObject({ code: 413 });
      for (let i = 0; i < 100; i += 1) stream.write(Buffer.alloc(100_000));
      await vi.advanceTimersByTimeAsync(4_900);
      expect([stream.destroyed, stream.readableLength]).toEqual([false, 0]);
      await vi.advanceTimersByTimeAsync(200);
      expect(stream.destroyed).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('whose connection ends early is refused', async () => {
    const stream = new PassThrough();
    const read = readBody(stream, '10');
    stream.write('{');
    stream.destroy();
    await expect(read).rejects.toMatchObject({ code: 400 });
    await expect(readBody(stream)).rejects.toMatchObject({ code: 400 });
    const reset = new PassThrough();
    const rest = readBody(reset);
    reset.destroy(new Error('aborted'));
    await expect(rest).rejects.toMatchObject({ code: 400 });
  });

  it.each([
    ['YAML', 'a: {b: 1}\n'],
    ['JSON', ' {"a": {"b": 1}}'],
    ['what begins like JSON', '{"a": {b: 1}} # no JSON'],
  ])('in YAML may be %s', (_, text) => {
    expect(decodeYaml(Buffer.from(text), 'ConfigMap')).toEqual({ a: { b: 1 } });
  });

  it.each([
    ['JSON', decodeJson, '{"a":'.repeat(10_000) + 1 + '}'.repeat(10_000)],
    ['YAML', decodeYaml, `a: ${'['.repeat(1500)}${']'.repeat(1500)}`],
    ['YAML that the parser cannot take', decodeYaml, '['.repeat(10_000)],
    ['YAML that contains itself', decodeYaml, 'a: &a [*a]'],
  ])('nested too deeply in %s is refused', (_, decode, text) => {
    expect(() => decode(Buffer.from(text), 'ConfigMap')).toThrow('exceeded max depth of 1000 levels');
  });

  it('in YAML that is neither is refused', () => {
    expect(() => decodeYaml(Buffer.from('{"a": '), 'ConfigMap')).toThrow(/yaml parse error/);
  });

  it('is YAML 1.1 without its times, as Kubernetes reads it', () => {
    const text = 'a: yes\nb: 0777\nc: 12:30:45\nd: 2020-01-01\ne: "no"\n1: off';
    const value = { a: true, b: 511, c: '12:30:45', d: '2020-01-01', e: 'no', 1: false };
    expect(decodeYaml(Buffer.from(text), 'ConfigMap')).toEqual(value);
  });

  it.each([
    ['', 'unexpected end of JSON input (<empty>)'],
    ['{"a":}', `invalid character '}' looking for beginning of value ({"a":})`],
    ['[', 'unexpected end of JSON input (5b)'],
    [`{"a":"${'x'.repeat(40)}"`, `unexpected end of JSON input ({"a":"${'x'.repeat(24)} ...)`],
  ])('that is no JSON is quoted: %s', (text, problem) => {
    expect(() => decodeJson(Buffer.from(text), 'ConfigMap')).toThrow(
      `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: ${problem}`,
    );
  });
});
