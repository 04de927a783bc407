import { describe, expect, it } from 'vitest';
import { ApiError } from '../../kube/index.ts';
import { metric, run } from '../testing/build.ts';
import { startServer } from './testing/http-server.ts';
import { measurementOf, take } from './testing/take.ts';

const withSecret = (url: string, fields = {}) =>
  run({
    metrics: [
      metric({
        ...fields,
        provider: { web: { url, headers: [{ key: 'X-Token', value: '{{args.token}}' }] } },
      }),
    ],
    args: [{ name: 'token', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
  });

describe('measure', () => {
  it('ANA-011 ANA-013 reads Secrets of the namespace of the run and shows their values nowhere', async () => {
    const server = await startServer(({ headers }) => ({
      body: JSON.stringify(`you sent ${headers['x-token']}`),
    }));
    try {
      const asked: string[] = [];
      const readSecret = async (namespace: string, name: string) => {
        asked.push(`${namespace}/${name}`);
        return { k: 'p"ss w/rd' };
      };
      const secretRun = withSecret(`${server.url}/?q={{args.token}}`, {
        successCondition: 'result == "{{args.token}}" + 1',
      });
      const measurement = measurementOf(await take(secretRun, { readSecret }));
      expect(asked).toEqual(['ns/s']);
      expect(server.seen[0]?.headers['x-token']).toBe('p"ss w/rd');
      expect(measurement.phase).toBe('Error');
      expect(JSON.stringify(measurement)).not.toMatch(/ss(\s|%20|\+)w/);
      expect(measurement.message).toContain('*****');
      const newline = async () => ({ k: 'token\n' });
      const trimmed = measurementOf(await take(withSecret(server.url), { readSecret: newline }));
      expect(trimmed.value).toBe('"you sent *****"');
      const valued = measurementOf(await take(withSecret(server.url), { readSecret }));
      expect(valued.value).toBe('"you sent *****"');
    } finally {
      await server.close();
    }
  });

  it('ANA-012 a Secret or key that does not exist ends the run', async () => {
    const notFound = async () => {
      throw new ApiError(404, 'NotFound', 'secrets "s" not found');
    };
    expect(await take(withSecret('http://x/'), { readSecret: notFound })).toEqual({
      metricName: 'm',
      unresolvable: 'secrets "s" not found',
    });
    expect(await take(withSecret('http://x/'), { readSecret: async () => ({}) })).toEqual({
      metricName: 'm',
      unresolvable: "key 'k' does not exist in secret 's'",
    });
  });

  it('a Secret that cannot be read now is an Error that is tried again', async () => {
    const down = async () => {
      throw new ApiError(0, '', 'connect ECONNREFUSED');
    };
    expect(measurementOf(await take(withSecret('http://x/'), { readSecret: down }))).toMatchObject({
      phase: 'Error',
      message: 'connect ECONNREFUSED',
      finishedAt: '2026-03-02T09:00:00Z',
    });
  });

  it('ANA-053 what goes wrong in a provider is the Error of its measurement', async () => {
    const http = {
      request: () => {
        throw new TypeError('boom');
      },
      close: async () => {},
    };
    expect(measurementOf(await take(run(), { http }))).toMatchObject({ phase: 'Error', message: 'boom' });
  });

  it('a provider that is not there is named, and those that are', async () => {
    const metrics = [metric({ provider: { datadog: { query: 'avg:x' } } })];
    expect(measurementOf(await take(run({ metrics }))).message).toBe(
      'provider "datadog" is not supported by this version of Kanari; supported: prometheus, web, job',
    );
  });
});
