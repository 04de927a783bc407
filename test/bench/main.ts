// Measures Kanari on this machine and prints a table: `npm run bench`, or `npm run bench -- --only writes`. Every figure
// is taken in this one run, beside what it is compared with, since machines differ. Nothing here is a test.
import { parseArgs } from 'node:util';
import { lists } from './lists.ts';
import { Rows } from './rows.ts';
import { stalled } from './stalled.ts';
import { startup } from './startup.ts';
import { story } from './story.ts';
import { watchers } from './watchers.ts';
import { writes } from './writes.ts';

const SUBJECTS = { story, writes, lists, watchers, stalled, startup };
const known = Object.keys(SUBJECTS).join(', ');

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
const wanted = values.only ?? Object.keys(SUBJECTS);
const rows = new Rows();
for (const name of wanted) {
  const subject = SUBJECTS[name as keyof typeof SUBJECTS];
  if (!subject) {
    console.error(`Error: --only ${name}: there is no such subject; there are ${known}`);
    process.exit(1);
  }
  console.error(name);
  await subject(rows);
}
console.log(`\n${rows}`);
