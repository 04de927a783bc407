import { readFile } from 'node:fs/promises';
import { LineCounter, parseAllDocuments, type YAMLParseError } from 'yaml';
import type { KubeObject } from '../../api/index.ts';
import type { Context } from '../context.ts';
import { CliError, messageOf } from '../errors.ts';

/** An object of a manifest file. */
export interface ManifestDocument {
  object: KubeObject;
  /** As the user wrote it. */
  file: string;
  format: 'json' | 'yaml';
}

/** `-f -` */
const STDIN = '-';

/**
 * All documents of a YAML or JSON file; empty ones are skipped.
 * @throws CliError when the file cannot be read or parsed, or a document is not an object
 */
export async function readManifests(file: string, context: Context): Promise<ManifestDocument[]> {
  const text = await readText(file, context);
  const format = text.trimStart().startsWith('{') ? 'json' : 'yaml';
  const objects = format === 'json' ? parseJson(text, file) : parseYaml(text, file);
  return objects.map((object) => {
    if (typeof object !== 'object' || object === null || Array.isArray(object)) {
      throw new CliError(
        `${file}: a document is ${describe(object)}; must be an object with apiVersion and kind`,
      );
    }
    return { object: object as KubeObject, file, format };
  });
}

async function readText(file: string, context: Context): Promise<string> {
  if (file === STDIN) return await context.stdin();
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = {
      ENOENT: 'no such file or directory',
      EISDIR: 'is a directory',
      EACCES: 'permission denied',
    }[code ?? ''];
    throw new CliError(`open ${file}: ${why ?? messageOf(error)}`, 1, error);
  }
}

/** One JSON value, or several behind one another as YAML separates them. */
function parseJson(text: string, file: string): unknown[] {
  try {
    return [JSON.parse(text) as unknown];
  } catch {
    return parseYaml(text, file);
  }
}

function parseYaml(text: string, file: string): unknown[] {
  const documents = parseAllDocuments(text, { lineCounter: new LineCounter(), merge: true });
  return [...documents].flatMap((document): unknown[] => {
    const [error] = document.errors;
    if (error) throw new CliError(`${file}: ${explain(error)}`);
    const value = document.toJS() as unknown;
    return value === null || value === undefined ? [] : [value];
  });
}

/** The first line of the message names the place; the rest draws it. */
function explain(error: YAMLParseError): string {
  return `error converting YAML to JSON: yaml: ${error.message.split('\n')[0]?.replace(/:$/, '')}`;
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'a list' : `${typeof value} ${JSON.stringify(value)}`;
}
