import { column } from '../kinds/columns.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Schema } from '../schema/schema.ts';
import type { NodeMetrics, PodMetrics, Usage } from './usage.ts';

/**
 * `metrics.k8s.io/v1beta1`: what nodes and pods use, as metrics-server serves it. Nothing of it is stored: the objects
 * are made of what the node agents say when they are asked.
 */

const GROUP = 'metrics.k8s.io';
const VERSION = 'v1beta1';

const text = (description: string): Schema => ({ type: 'string', description });
const usage: Schema = {
  type: 'object',
  description: 'Usage by the name of the resource: cpu in cores, memory (working set) in bytes.',
  additionalProperties: { type: 'string' },
};

function schemaOf(description: string, properties: Record<string, Schema>): Schema {
  return {
    type: 'object',
    description,
    required: ['timestamp', 'window', ...Object.keys(properties)],
    properties: {
      apiVersion: text('The version of the API.'),
      kind: text('What the object is.'),
      metadata: { type: 'object', description: 'Name and labels of what is measured.' },
      timestamp: { ...text('The end of the time over which CPU is averaged.'), format: 'date-time' },
      window: text('The time over which CPU is averaged, as a Go duration.'),
      ...properties,
    },
  };
}

function metricsKind(
  kind: 'NodeMetrics' | 'PodMetrics',
  plural: string,
  namespaced: boolean,
  schema: Schema,
  columns: Kind['columns'],
): Kind {
  return {
    group: GROUP,
    version: VERSION,
    kind,
    listKind: `${kind}List`,
    plural,
    singular: '',
    shortNames: [],
    categories: [],
    namespaced,
    verbs: ['get', 'list'],
    subresources: {},
    schema,
    storage: { group: GROUP, plural },
    columns,
    strategy: {},
  };
}

const usageColumns = (usageOf: (object: never) => Usage): Kind['columns'] => [
  column('Cpu', 'CPU that is used.', (object) => usageOf(object as never).cpu),
  column('Memory', 'Memory that is used.', (object) => usageOf(object as never).memory),
  column('Window', 'The time over which CPU is averaged.', (object) => (object as NodeMetrics).window),
];

const nodeMetrics = metricsKind(
  'NodeMetrics',
  'nodes',
  false,
  schemaOf('What a node uses.', { usage }),
  usageColumns((node: NodeMetrics) => node.usage),
);

export const podMetrics = metricsKind(
  'PodMetrics',
  'pods',
  true,
  schemaOf('What the containers of a pod use.', {
    containers: {
      type: 'array',
      description: 'Usage of the containers that run.',
      items: { type: 'object', properties: { name: text('Name of the container.'), usage } },
    },
  }),
  usageColumns(({ containers }: PodMetrics) => ({
    cpu: `${sum(containers, 'cpu')}n`,
    memory: `${sum(containers, 'memory')}Ki`,
  })),
);

const sum = (containers: PodMetrics['containers'], resource: keyof Usage) =>
  containers.reduce((total, { usage }) => total + Number.parseInt(usage[resource], 10), 0);

export const metricsKinds: readonly Kind[] = [nodeMetrics, podMetrics];
