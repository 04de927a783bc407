import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { alwaysPresent, atomicFacts, defaultFacts, emptyIsKept, listFacts, zeroIsAbsent } from './facts.ts';

/**
 * Reads the shapes of Kubernetes' built-in types out of two installed packages: the generated classes of
 * @kubernetes/client-node (fields, types, which are required) and kubernetes-types (which group a type belongs to, which
 * strings are quantities).
 */

/** A definition in the compact form of `schemas.generated.json`; see `src/api/kubernetes/definition.ts`. */
interface Definition {
  atomic?: true;
  required?: string[];
  properties: Record<string, string>;
}

interface Attribute {
  baseName: string;
  type: string;
  format: string;
}

const require = createRequire(import.meta.url);
const modelsFolder = join(dirname(require.resolve('@kubernetes/client-node')), 'gen', 'models');
const typesFolder = dirname(require.resolve('kubernetes-types/package.json'));

const packagePrefix: Record<string, string> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
};
/** Groups of types that kubernetes-types does not have, or has in older versions alone. */
const newer: Record<string, string> = {
  'v1.APIService': 'apiregistration',
  'v1.VolumeAttributesClass': 'storage',
};
const packageOf = (group: string, version: string) =>
  `${packagePrefix[group] ?? `io.k8s.api.${group}`}.${version}`;

/** Type name with its version, e.g. `v1.Pod`, to the packages that have it; and the fields that are quantities. */
function readTypesPackage() {
  const packages = new Map<string, string[]>();
  const quantities = new Set<string>();
  for (const group of readdirSync(typesFolder, { withFileTypes: true })) {
    if (!group.isDirectory()) continue;
    for (const file of readdirSync(join(typesFolder, group.name))) {
      const version = file.replace('.d.ts', '');
      const text = readFileSync(join(typesFolder, group.name, file), 'utf8');
      for (const [, name, body] of text.matchAll(/^export interface (\w+) \{([\s\S]*?)^\}/gm)) {
        const key = `${version}.${name}`;
        packages.set(key, [...(packages.get(key) ?? []), packageOf(group.name, version)]);
        for (const [, field] of body!.matchAll(/(\w+)\??: (?:\{\s*\[name: string\]: )?Quantity\b/g)) {
          quantities.add(`${name}.${field}`);
        }
      }
    }
  }
  return { packages, quantities };
}

/** The definitions of these model classes and of everything that they refer to, by OpenAPI name. */
export async function readDefinitions(roots: readonly string[]): Promise<Record<string, Definition>> {
  const { packages, quantities } = readTypesPackage();
  const result: Record<string, Definition> = {};

  function nameOf(className: string, referrer: string): string {
    const parts = /^([A-Z][a-z]+)??(V\d+(?:(?:alpha|beta)\d+)?)(.+)$/.exec(className);
    if (!parts) throw new Error(`Class ${className} has no version in its name`);
    const version = parts[2]!.toLowerCase();
    const own = newer[`${version}.${parts[3]}`];
    if (own) return `${packageOf(own, version)}.${parts[3]}`;
    const candidates = packages.get(`${version}.${parts[3]}`) ?? [];
    const home = referrer.slice(0, referrer.lastIndexOf('.'));
    const found = parts[1]
      ? packageOf(parts[1].toLowerCase(), version)
      : candidates.length === 1
        ? candidates[0]!
        : home;
    return `${found}.${parts[3]}`;
  }

  async function visit(className: string, referrer: string): Promise<string> {
    const name = nameOf(className, referrer);
    if (result[name]) return name;
    const definition: Definition = { properties: {} };
    result[name] = definition;
    const short = name.slice(name.lastIndexOf('.') + 1);
    if (atomicFacts.has(short)) definition.atomic = true;

    const module = await import(pathToFileURL(join(modelsFolder, `${className}.js`)).href);
    const attributes: Attribute[] = module[className].getAttributeTypeMap();
    const declaration = readFileSync(join(modelsFolder, `${className}.d.ts`), 'utf8');
    const required = [...declaration.matchAll(/^ {4}'([^']+)': /gm)].map((match) => match[1]!);
    for (const { baseName, type, format } of attributes) {
      const path = `${short}.${baseName}`;
      const inner = quantities.has(path) ? 'quantity' : undefined;
      definition.properties[baseName] = [
        await typeOf(type, format, name, inner),
        listFacts[path],
        atomicFacts.has(path) && 'atomic',
        zeroIsAbsent.has(path) && 'zeroIsAbsent',
        emptyIsKept.has(path) && 'emptyIsKept',
        (alwaysPresent.has(path) || alwaysPresent.has(`*.${baseName}`)) && 'always',
        path in defaultFacts && `default ${JSON.stringify(defaultFacts[path])}`,
      ]
        .filter(Boolean)
        .join('; ');
    }
    if (required.length > 0) definition.required = required;
    return name;
  }

  async function typeOf(type: string, format: string, referrer: string, scalar?: string): Promise<string> {
    const list = /^Array<(.+)>$/.exec(type)?.[1];
    if (list) return `[]${await typeOf(list, format, referrer, scalar)}`;
    const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
    if (map) return `{}${await typeOf(map, format, referrer, scalar)}`;
    if (scalar) return scalar;
    if (format === 'date-time-micro') return 'micro-time';
    if (type === 'Date' || format === 'int-or-string') return format;
    if (type === 'string' || type === 'number') return format || type;
    if (type === 'boolean' || type === 'any') return type;
    if (type === 'object') return 'any';
    return visit(type, referrer);
  }

  for (const root of roots) await visit(root, '');
  return result;
}
