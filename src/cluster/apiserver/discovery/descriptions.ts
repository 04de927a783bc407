import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What Kubernetes says of a type and its fields. */
export interface Descriptions {
  type?: string;
  fields: ReadonlyMap<string, string>;
}

const none: Descriptions = { fields: new Map() };
const known = new Map<string, Descriptions>();
let folder: string | undefined;

/**
 * The descriptions of a built-in type by its OpenAPI name. They are the comments of Kubernetes' own JavaScript client,
 * which is made from Kubernetes' OpenAPI document; read when somebody asks, since few do.
 */
export function descriptionsOf(name: string): Descriptions {
  let found = known.get(name);
  if (!found) {
    const file = fileOf(name);
    found = file === undefined ? none : parseDeclaration(readFileSync(file, 'utf8'));
    known.set(name, found);
  }
  return found;
}

const capital = (text: string) => `${text[0]?.toUpperCase()}${text.slice(1)}`;

/** Names that several groups have begin with the group: `CoreV1Event`, `EventsV1Event`. */
function fileOf(name: string): string | undefined {
  folder ??= fileURLToPath(new URL('gen/models/', import.meta.resolve('@kubernetes/client-node')));
  const [group = '', version = '', kind = ''] = name.split('.').slice(-3);
  const base = capital(version) + kind;
  return [`${folder}${capital(group)}${base}.d.ts`, `${folder}${base}.d.ts`].find((file) => existsSync(file));
}

const COMMENT = /\/\*\*\n\s*\* ?(?<text>.*)\n\s*\*\/\n\s*(?:'_?(?<field>[^']+)'\??:|export declare class)/g;

/** Reads the comments before the class and its fields. */
export function parseDeclaration(text: string): Descriptions {
  const fields = new Map<string, string>();
  let type: string | undefined;
  for (const { groups = {} } of text.matchAll(COMMENT)) {
    const description = groups.text?.replaceAll('*_/', '*/').replace(/\\(["'\\])/g, '$1') ?? '';
    if (groups.field === undefined) type = description;
    else fields.set(groups.field, description);
  }
  return { ...(type !== undefined && { type }), fields };
}
