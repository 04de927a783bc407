import type { CanaryStep } from '../api/index.ts';

/**
 * How Argo Rollouts writes a field of a step as JSON: whether it is there when it is unset or empty, and what it holds.
 * - `always`: there, with this value if unset
 * - `set`: there when it was set, whatever the value
 * - `filled`: there unless it is false, 0, empty or unset
 */
interface Field {
  name: string;
  presence: 'always' | 'set' | 'filled';
  unset?: unknown;
  shape?: Shape;
}
/** A list of fields is an object with those keys in that order; `map` is sorted by key; undefined is any JSON. */
type Shape = { object: readonly Field[] } | { list: Shape } | { map: Shape } | 'json';

const always = (name: string, unset: unknown, shape: Shape = 'json'): Field => ({
  name,
  presence: 'always',
  unset,
  shape,
});
const set = (name: string, shape: Shape = 'json'): Field => ({ name, presence: 'set', shape });
const filled = (name: string, shape: Shape = 'json'): Field => ({ name, presence: 'filled', shape });
const object = (...fields: Field[]): Shape => ({ object: fields });
const list = (shape: Shape): Shape => ({ list: shape });
const strings: Shape = { map: 'json' };

const metadata = object(filled('labels', strings), filled('annotations', strings));
const fieldRef = object(always('fieldPath', ''));
const args = list(
  object(
    always('name', ''),
    filled('value'),
    set('valueFrom', object(set('podTemplateHashValue'), set('fieldRef', fieldRef))),
  ),
);
const dryRun = list(object(always('metricName', '')));
const retention = list(object(always('metricName', ''), always('limit', 0)));
const stringMatch = object(filled('exact'), filled('prefix'), filled('regex'));
const selector = object(
  filled('matchLabels', strings),
  filled('matchExpressions', list(object(always('key', ''), always('operator', ''), filled('values')))),
);

const experimentTemplate = object(
  always('name', ''),
  always('specRef', ''),
  set('replicas'),
  always('metadata', {}, metadata),
  set('selector', selector),
  set('weight'),
  set('service', object(filled('name'))),
);
const experimentAnalysis = object(
  always('name', ''),
  always('templateName', ''),
  set('clusterScope'),
  filled('args', args),
  filled('requiredForCompletion'),
);
const experiment = object(
  always('templates', null, list(experimentTemplate)),
  filled('duration'),
  filled('analyses', list(experimentAnalysis)),
  filled('dryRun', dryRun),
  always('analysisRunMetadata', {}, metadata),
  set('scaleDownDelaySeconds'),
);
const analysis = object(
  filled('templates', list(object(always('templateName', ''), set('clusterScope')))),
  filled('args', args),
  filled('dryRun', dryRun),
  filled('measurementRetention', retention),
  set('analysisRunMetadata', metadata),
);
const headerRoute = object(
  filled('name'),
  filled('match', list(object(always('headerName', ''), always('headerValue', null, stringMatch)))),
);
const mirrorRoute = object(
  always('name', ''),
  filled(
    'match',
    list(
      object(set('method', stringMatch), set('path', stringMatch), filled('headers', { map: stringMatch })),
    ),
  ),
  set('percentage'),
);

const step = object(
  set('setWeight'),
  set('pause', object(set('duration'))),
  set('experiment', experiment),
  set('analysis', analysis),
  set('setCanaryScale', object(set('weight'), set('replicas'), filled('matchTrafficWeight'))),
  set('setHeaderRoute', headerRoute),
  set('setMirrorRoute', mirrorRoute),
  set('plugin', object(always('name', ''), filled('config'))),
);

/** The steps as Argo Rollouts writes them before it hashes them (CAN §8.2); `null` when there are none. */
export function stepsJson(steps: readonly CanaryStep[] | undefined): string {
  return steps ? escapeHtml(JSON.stringify(shaped(steps, list(step)))) : 'null';
}

function shaped(value: unknown, shape: Shape): unknown {
  if (value === null || typeof value !== 'object' || shape === 'json') return value;
  if ('list' in shape) {
    return Array.isArray(value) ? value.map((item) => shaped(item, shape.list)) : value;
  }
  const source = value as Record<string, unknown>;
  if ('map' in shape) {
    return Object.fromEntries(
      Object.keys(source)
        .sort()
        .map((key) => [key, shaped(source[key], shape.map)]),
    );
  }
  const result: Record<string, unknown> = {};
  for (const field of shape.object) {
    const member = source[field.name];
    if (isPresent(member, field)) result[field.name] = shaped(member ?? field.unset, field.shape ?? 'json');
  }
  return result;
}

function isPresent(member: unknown, field: Field): boolean {
  if (field.presence === 'always') return true;
  if (member === undefined || member === null) return false;
  if (field.presence === 'set') return true;
  if (typeof member === 'object') return Object.keys(member).length > 0;
  return member !== false && member !== '' && member !== 0;
}

/** What Go's encoder escapes beyond JSON. */
function escapeHtml(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
