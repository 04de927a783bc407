/**
 * A node agent in a process of its own, to be killed by tests: `agent-process.ts STATE_DIR POD_CIDR`. Its pods are in
 * the file `pods.json` of the state folder, and their status goes there too, as the API server's would stay.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { Pods } from '../../src/api/index.ts';
import { NodeHarness } from '../../src/cluster/node/testing/harness.ts';

const [stateDir = '', podCidr = ''] = process.argv.slice(2);
const file = join(stateDir, 'pods.json');
const harness = new NodeHarness(stateDir, podCidr);
for (const pod of JSON.parse(readFileSync(file, 'utf8')) as Pod[]) await harness.api.create(Pods, pod);
harness.api.onChange = () => {
  writeFileSync(`${file}.new`, JSON.stringify(harness.api.objects(Pods)));
  renameSync(`${file}.new`, file);
};
process.stdout.write('begin\n');
await harness.start();
process.on('SIGTERM', async () => {
  await harness.stop();
  process.exit(0);
});
process.stdout.write('started\n');
