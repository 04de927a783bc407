import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isReady, KUBELET_TOKEN, NodeHarness, until } from '../testing/harness.ts';
import { parseLogQuery } from './logquery.ts';

let harness: NodeHarness;

beforeEach(async () => {
  harness = await NodeHarness.create('127.75.0.0/16');
  await harness.start();
});
afterEach(() => harness.dispose());

const request = (path: string, token = KUBELET_TOKEN) =>
  fetch(`http://127.0.0.1:${harness.node?.kubeletPort}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });

it('answers only who has the token', async () => {
  expect((await request('/healthz', 'wrong')).status).toBe(200);
  expect((await request('/stats/summary', 'wrong')).status).toBe(401);
  expect((await request('/stats/summary')).status).toBe(200);
  expect((await request('/nothing')).status).toBe(404);
});

it('streams a log until its container ends', async () => {
  await harness.run('talks', {
    command: ['sh', '-c', 'echo one; while [ ! -e go ]; do sleep 0.02; done; echo two'],
  });
  await until(() => isReady(harness.pod('talks')));
  const response = await request('/containerLogs/default/talks/main?follow=true');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toBe('one\n');
  await writeFile(`${harness.stateDir}/node/pods/${harness.pod('talks').metadata!.uid}/go`, '');
  expect((await reader.read()).value).toBe('two\n');
  expect((await reader.read()).done).toBe(true);
});

it('says why there is no log', async () => {
  await harness.run('unknown', { image: 'nobody/knows' });
  await until(() => harness.pod('unknown').status?.containerStatuses?.[0]?.state?.waiting?.message);
  const answers = [
    ['/containerLogs/default/missing/main', 404, 'pod "missing" not found'],
    ['/containerLogs/default/unknown/other', 400, 'container "other" in pod "unknown" is not available'],
    ['/containerLogs/default/unknown/main', 400, 'in pod "unknown" is waiting to start: '],
    ['/containerLogs/default/unknown/main?previous=true', 400, 'previous terminated container "main" in pod'],
    [
      '/containerLogs/default/unknown/main?tailLines=x',
      400,
      'tailLines must be a whole number from 0 on, not "x"',
    ],
  ] as const;
  for (const [path, status, text] of answers) {
    const response = await request(path);
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(text);
  }
});

it('shows the latest run as the previous one while the next is waited for', async () => {
  await harness.run('fails', { command: ['sh', '-c', 'echo only; exit 1'] });
  await until(() => harness.pod('fails').status?.containerStatuses?.[0]?.state?.waiting);
  for (const query of ['', '?previous=true']) {
    const response = await request(`/containerLogs/default/fails/main${query}`);
    expect(await response.text()).toBe('only\n');
  }
});

it('reads the parameters of kubectl logs', () => {
  const parse = (text: string) => parseLogQuery(new URLSearchParams(text), () => 100_000);
  expect(parse('follow=true&sinceSeconds=40&tailLines=0')).toMatchObject({
    follow: true,
    since: 60_000,
    tailLines: 0,
  });
  expect(() => parse('sinceTime=yesterday')).toThrow('sinceTime must be an RFC 3339 time');
  expect(() => parse('follow=maybe')).toThrow('follow must be true or false');
  expect(() => parse('sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z')).toThrow('at most one of');
});
