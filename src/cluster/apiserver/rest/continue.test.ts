import { describe, expect, it } from 'vitest';
import { decodeContinue, encodeContinue, NOW } from './continue.ts';

const token = (text: string) => Buffer.from(text).toString('base64url');
const typed = 'json: cannot unmarshal';

describe('a continue token', () => {
  it.each([
    { revision: 5, start: 'a/b\0' },
    { revision: NOW, start: 'ns/x' },
  ])('is read again: %j', (next) => {
    expect(decodeContinue(encodeContinue(next))).toEqual(next);
  });

  it.each([
    ['t', 'illegal base64 data at input byte 0'],
    ['1.5', 'illegal base64 data at input byte 1'],
    ['abc', "invalid character 'i' looking for beginning of value"],
    [token('null'), 'server does not recognize this encoded version '],
    [token('[]'), `${typed} array into Go value of type storage.continueToken`],
    [token('{"v":1}'), `${typed} number into Go struct field continueToken.v of type string`],
    [token('{"rv":1.5}'), `${typed} number 1.5 into Go struct field continueToken.rv of type int64`],
    [token('{"v":"x"}'), 'server does not recognize this encoded version x'],
    [
      token('{"v":"meta.k8s.io/v1","rv":0,"start":"/a"}'),
      'incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
    ],
    [token('{"v":"meta.k8s.io/v1","rv":5}'), 'encoded start key empty (version meta.k8s.io/v1)'],
    [token('{"v":"meta.k8s.io/v1","rv":5,"start":"../a"}'), '../a'],
  ])('is refused when it is none: %s', (text, problem) => {
    expect(() => decodeContinue(text)).toThrow(
      expect.objectContaining({
        code: 400,
        message: `invalid continue token: continue key is not valid: ${problem}`,
      }),
    );
  });
});
