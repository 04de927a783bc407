import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { crds } from '../src/api/index.ts';
import { readDefinitions } from './kubernetes/definitions.ts';
import { roots } from './kubernetes/roots.ts';
import { cliReference } from './reference/cli.ts';
import { resourcesReference } from './reference/resources.ts';

/**
 * Writes the files of the repository that are made from others; with `--check` only says which are out of date, and
 * exits 1 if any is.
 */
const root = join(import.meta.dirname, '..');

const definitions = await readDefinitions(roots);
const files: Record<string, string> = {
  'src/api/kubernetes/schemas.generated.json': `${JSON.stringify(sorted(definitions), null, 1)}\n`,
  'docs/reference/cli.md': cliReference(),
  'docs/reference/resources.md': resourcesReference(),
};
for (const crd of crds()) {
  const name = crd.spec.names.kind.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  files[`manifests/crds/${name}-crd.yaml`] =
    `# Made from src/api by npm run generate.\n${stringify(crd, { aliasDuplicateObjects: false, lineWidth: 0 })}`;
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const stale = Object.entries(files).filter(([path, text]) => read(join(root, path)) !== text);
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is out of date: run npm run generate`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
}
