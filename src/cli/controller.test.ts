import { describe, expect, it } from 'vitest';
import { createLog, textLine } from './controller-log.ts';
import { controllerNamespace } from './controller-namespace.ts';

describe('createLog', () => {
  const lines = (level: string, format: 'text' | 'json') => {
    const written: string[] = [];
    const log = createLog(level, format, (line) => written.push(line));
    log.debug('hidden');
    log.warn({ namespace: 'ns', rollout: 'a b' }, 'said "so"');
    return written;
  };

  it('OPS-053 writes one JSON object per line with time, level, msg and the fields', () => {
    const [line = '', ...more] = lines('info', 'json');
    expect(more).toEqual([]);
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'warning',
      msg: 'said "so"',
      namespace: 'ns',
      rollout: 'a b',
    });
  });

  it('writes the same as text, quoted where it must be', () => {
    expect(lines('warning', 'text')[0]).toMatch(
      /^time="[^"]+" level=warning msg="said \\"so\\"" namespace=ns rollout="a b"\n$/,
    );
    expect(textLine({ time: 't', level: 'info', msg: 'm', n: 5, list: ['x'] })).toBe(
      'time="t" level=info msg="m" n=5 list="[\\"x\\"]"',
    );
  });
});

describe('controllerNamespace', () => {
  it('OPS-009 is POD_NAMESPACE, else that of the service account, else argo-rollouts', () => {
    const missing = () => {
      throw new Error('ENOENT');
    };
    expect(controllerNamespace({ POD_NAMESPACE: 'a' }, () => 'b')).toBe('a');
    expect(controllerNamespace({ POD_NAMESPACE: '' }, () => 'b\n')).toBe('b');
    expect(controllerNamespace({}, missing)).toBe('argo-rollouts');
  });
});
