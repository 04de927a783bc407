import type { ServerResponse } from 'node:http';
import type { UsageSampler } from './sampler.ts';
import { resourceMetrics, statsSummary } from './summary.ts';

/** `GET /stats/summary`; `parts` is what follows `/stats`. */
export function answerStats(sampler: UsageSampler, parts: readonly string[], response: ServerResponse): void {
  if (parts.join('/') !== 'summary') {
    notFound(response);
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(statsSummary(sampler.report())));
}

/** `GET /metrics/resource`; `parts` is what follows `/metrics`. */
export function answerMetrics(
  sampler: UsageSampler,
  parts: readonly string[],
  response: ServerResponse,
): void {
  if (parts.join('/') !== 'resource') {
    notFound(response);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(resourceMetrics(sampler.report()));
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain' });
  response.end('404 page not found');
}
