// The API server alone, as a process that can be killed: `node server.ts <options as JSON>`. Prints where it listens.
import { pino } from 'pino';
import { startApiServer } from '../../src/cluster/apiserver/index.ts';

const { stateDir, compaction } = JSON.parse(process.argv[2] ?? '{}');
try {
  const server = await startApiServer({
    stateDir,
    compaction,
    port: 0,
    clock: Date.now,
    log: pino({ level: 'silent' }),
  });
  const { url, caPem, adminToken } = server;
  process.stdout.write(`${JSON.stringify({ url, caPem, adminToken })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: (error as Error).message })}\n`);
  process.exitCode = 1;
}
