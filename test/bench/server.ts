// The API server alone, in a process whose memory and event loop are measured: `node server.ts <state directory>`.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { startApiServer } from '../../src/cluster/apiserver/index.ts';

const begun = performance.now();
const server = await startApiServer({
  stateDir: process.argv[2] ?? '',
  port: 0,
  clock: Date.now,
  log: pino({ level: 'warn' }, process.stderr),
});
const { url, caPem, adminToken } = server;
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

process.on('message', (question) => {
  if (question === 'collect') collectGarbage();
  // The resolution is part of every measured delay.
  const since = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 1);
  process.send?.({
    delay: { p99: since(delay.percentile(99)), max: since(delay.max) },
    memory: process.memoryUsage(),
    cpuMs: (process.cpuUsage().user + process.cpuUsage().system) / 1000,
  });
  if (question === 'reset') delay.reset();
});
process.on('disconnect', () => void server.close());
process.send?.({ url, caPem, adminToken, startMs: performance.now() - begun });
