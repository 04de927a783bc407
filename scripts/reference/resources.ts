import { crds } from '../../src/api/index.ts';

interface Schema {
  type?: string;
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  required?: string[];
  enum?: unknown[];
  default?: unknown;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** Fields whose shape is Kubernetes' own; it is not told again. */
const BUILTIN = new Set(['template', 'selector', 'spec.metrics[].provider.job.spec']);

function typeOf(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string']) return 'integer or string';
  if (schema.type === 'array') return `list of ${schema.items ? typeOf(schema.items) : 'anything'}`;
  if (typeof schema.additionalProperties === 'object') return `map to ${typeOf(schema.additionalProperties)}`;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  return schema.type ?? 'anything';
}

function rowsOf(schema: Schema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = path ? `${path}.${name}` : name;
    const required = schema.required?.includes(name) ? 'required. ' : '';
    const fallback = field.default === undefined ? '' : ` Default: \`${field.default}\`.`;
    const row = `| \`${here}\` | ${typeOf(field)} | ${required}${field.description ?? ''}${fallback} |`;
    if (BUILTIN.has(name) || BUILTIN.has(here)) return [row];
    if (field.type === 'array' && field.items) return [row, ...rowsOf(field.items, `${here}[]`)];
    return [row, ...rowsOf(field, here)];
  });
}

/** docs/reference/resources.md: every field of the argoproj.io resources. */
export function resourcesReference(): string {
  const sections = crds().map((crd) => {
    const { names, scope, versions } = crd.spec;
    const schema = versions[0]?.schema?.openAPIV3Schema as Schema;
    const { spec, status } = schema.properties ?? {};
    const table = (title: string, part: Schema | undefined) =>
      part
        ? `### ${names.kind} ${title}\n\n| field | type | |\n|---|---|---|\n${rowsOf(part, title).join('\n')}\n`
        : '';
    return `## ${names.kind}\n\n\`${names.plural}.${crd.spec.group}\`, short \`${names.shortNames?.join(', ')}\`, ${scope.toLowerCase()}.\n\n${table('spec', spec)}\n${table('status', status)}`;
  });
  return `# Resources

Made from \`src/api\` by \`npm run generate\`. What is not built yet is listed in [support.md](support.md).

${sections.join('\n')}`;
}
