import { describe, expect, it } from 'vitest';
import type { AnalysisTemplate, RolloutAnalysisArg } from '../../api/index.ts';
import { metric, rollout, template } from '../testing/build.ts';
import { isSupportedMetadataPath, readFieldPath } from './field-path.ts';
import { buildRunSpec, resolveRunSpec } from './resolve.ts';
import type { RolloutRunSpecInput } from './types.ts';
import { validateTemplatesFor } from './validate.ts';

const library = (templates: AnalysisTemplate[], cluster: AnalysisTemplate[] = []) => ({
  namespaceTemplates: new Map(templates.map((t) => [t.metadata.name ?? '', t])),
  clusterTemplates: new Map(cluster.map((t) => [t.metadata.name ?? '', t])),
});

const input = (
  templates: AnalysisTemplate[],
  rest: Partial<RolloutRunSpecInput> = {},
  cluster: AnalysisTemplate[] = [],
): RolloutRunSpecInput => ({
  ...library(templates, cluster),
  templates: templates.map(({ metadata }) => ({ templateName: metadata.name ?? '' })),
  values: { stableHash: 'old', latestHash: 'new', rollout: rollout() },
  ...rest,
});

function specOf(given: RolloutRunSpecInput) {
  const resolved = resolveRunSpec(given);
  if ('error' in resolved) throw new Error(resolved.error.message);
  return resolved.spec;
}

function errorOf(given: RolloutRunSpecInput): string | undefined {
  const resolved = resolveRunSpec(given);
  return 'error' in resolved ? resolved.error.message : undefined;
}

describe('arguments of a Rollout', () => {
  const declared = template('t', {
    metrics: [metric()],
    args: [
      { name: 'a', value: 'default' },
      { name: 'b', value: 'kept' },
    ],
  });

  it('ANA-014 override defaults, also with nothing; undeclared ones are dropped', () => {
    const args = (given: RolloutAnalysisArg[]) => specOf(input([declared], { args: given })).args;
    expect(
      args([
        { name: 'a', value: 'x' },
        { name: 'other', value: 'y' },
      ]),
    ).toEqual([
      { name: 'a', value: 'x' },
      { name: 'b', value: 'kept' },
    ]);
    expect(args([{ name: 'a' }])?.[0]).toEqual({ name: 'a', value: '' });
  });

  it('a given value takes the place of a secretKeyRef of the template', () => {
    const secret = template('t', {
      metrics: [metric()],
      args: [{ name: 'token', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    });
    expect(specOf(input([secret], { args: [{ name: 'token', value: 'x' }] })).args).toEqual([
      { name: 'token', value: 'x' },
    ]);
    expect(specOf(input([secret])).args).toEqual(secret.spec.args);
  });

  it('ANA-015 hashes of the new and the stable ReplicaSet', () => {
    const args: RolloutAnalysisArg[] = [
      { name: 'a', valueFrom: { podTemplateHashValue: 'Latest' } },
      { name: 'b', valueFrom: { podTemplateHashValue: 'Stable' } },
    ];
    expect(specOf(input([declared], { args })).args).toEqual([
      { name: 'a', value: 'new' },
      { name: 'b', value: 'old' },
    ]);
  });

  it('ANA-016 ANA-017 fields of the Rollout, or why not', () => {
    const object = rollout({
      metadata: {
        name: 'web',
        namespace: 'ns',
        labels: { env: 'prod' },
        annotations: { k: 'v', 'a.b/c': 'd' },
      },
      spec: { replicas: 1_000_000, template: { metadata: { labels: { version: '2' } } } },
      status: { pauseConditions: [{ reason: 'CanaryPauseStep' }] },
    });
    expect(readFieldPath(object, "metadata.labels['env']")).toBe('prod');
    expect(readFieldPath(object, "metadata.annotations['a.b/c']")).toBe('d');
    expect(readFieldPath(object, "metadata.labels['missing']")).toBe('');
    expect(readFieldPath(object, 'metadata.annotations')).toBe('a.b/c="d"\nk="v"');
    expect(readFieldPath(object, 'status.pauseConditions[0].reason')).toBe('CanaryPauseStep');
    expect(readFieldPath(object, 'spec.template.metadata.labels.version')).toBe('2');
    expect(readFieldPath(object, 'spec.replicas')).toBe('1000000');
    const failing = (path: string) => () => readFieldPath(object, path);
    expect(failing('status.pauseConditions[x].reason')).toThrow("invalid index 'x'");
    expect(failing('status.pauseConditions[3].reason')).toThrow('index 3 out of range');
    expect(failing('status.alb.name')).toThrow('invalid path status.alb.name in rollout');
    expect(failing('spec.template')).toThrow(
      'path spec.template in rollout must terminate in a primitive value',
    );
    expect(failing('spec.constructor')).toThrow('invalid path');
    expect(failing('metadata.generation')).toThrow('unsupported fieldPath: metadata.generation');
  });

  it('ANA-018 tells which paths of metadata the downward API knows', () => {
    expect(["metadata.labels['a']", 'metadata.uid', 'status.x'].map(isSupportedMetadataPath)).toEqual([
      true,
      true,
      true,
    ]);
    expect(['metadata.generation', 'metadata.labels[a]'].map(isSupportedMetadataPath)).toEqual([
      false,
      false,
    ]);
  });

  it('ANA-019 an argument without any value', () => {
    const needy = template('t', { metrics: [metric()], args: [{ name: 'x' }] });
    expect(resolveRunSpec(input([needy]))).toEqual({
      error: { value: 'templateNames: [t]', message: 'args.x was not resolved' },
    });
  });

  it('a Secret reference may be given for a run that no Rollout owns', () => {
    const args = [{ name: 'a', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
    const built = buildRunSpec({ ...library([declared]), templates: [{ templateName: 't' }], args });
    expect(built).toMatchObject({ spec: { args: [args[0], { name: 'b', value: 'kept' }] } });
  });
});

describe('collecting and merging', () => {
  const named = (name: string, ...metrics: string[]) =>
    template(name, { metrics: metrics.map((n) => metric({ name: n })) });

  it('ANA-020 namespaced first, then cluster, nested ones once', () => {
    const outer: AnalysisTemplate = {
      ...named('outer', 'o'),
      spec: {
        metrics: [metric({ name: 'o' })],
        templates: [{ templateName: 'inner' }, { templateName: 'wide', clusterScope: true }],
      },
    };
    const given = input([outer, named('inner', 'i')], {}, [named('wide', 'w')]);
    const templates = [
      { templateName: 'wide', clusterScope: true },
      { templateName: 'outer' },
      { templateName: 'inner' },
    ];
    expect(specOf({ ...given, templates }).metrics.map((m) => m.name)).toEqual(['o', 'i', 'w']);
  });

  it('ANA-021 two metrics of one name', () => {
    expect(errorOf(input([named('a', 'm'), named('b', 'm')]))).toBe("two metrics have the same name 'm'");
  });

  it('ANA-022 two defaults for one argument, even if a value is given', () => {
    const withDefault = (name: string, value?: string) =>
      template(name, {
        metrics: [metric({ name })],
        args: [{ name: 'x', ...(value !== undefined && { value }) }],
      });
    const clash = input([withDefault('a', '1'), withDefault('b', '2')], {
      args: [{ name: 'x', value: '3' }],
    });
    expect(errorOf(clash)).toBe("Argument `x` specified multiple times with different values: '1', '2'");
    expect(specOf(input([withDefault('a'), withDefault('b', '2')])).args).toEqual([
      { name: 'x', value: '2' },
    ]);
  });

  it('ANA-023 two rules for one name', () => {
    const withRules = template('a', {
      metrics: [metric()],
      dryRun: [{ metricName: 'm' }],
      measurementRetention: [{ metricName: 'm', limit: 3 }],
    });
    expect(errorOf(input([withRules], { dryRun: [{ metricName: 'm' }] }))).toBe(
      "two Dry-Run metric rules have the same name 'm'",
    );
    expect(errorOf(input([withRules], { measurementRetention: [{ metricName: 'm', limit: 1 }] }))).toBe(
      "two Measurement Retention metric rules have the same name 'm'",
    );
  });

  it('ANA-024 a cycle is reported', () => {
    const a = template('a', { templates: [{ templateName: 'b' }] });
    const b = template('b', { templates: [{ templateName: 'a' }] });
    expect(resolveRunSpec(input([a, b], { templates: [{ templateName: 'a' }] }))).toEqual({
      error: { path: 'spec.templates', value: 'a', message: 'template cycle: a → b → a' },
    });
  });

  it('writes an interval in whole seconds as a duration', () => {
    const interval = 5 as unknown as string;
    expect(specOf(input([template('t', { metrics: [metric({ interval })] })])).metrics[0]?.interval).toBe(
      '5s',
    );
  });
});

describe('what the user of a Rollout is told', () => {
  const finite = { background: false };
  const endless = template('t', { metrics: [metric({ interval: '5s' })] });

  it('ANA-025 a missing template, and where', () => {
    expect(validateTemplatesFor(input([], { templates: [{ templateName: 'x' }] }), finite)).toEqual({
      value: 'x',
      message: "AnalysisTemplate 'x' not found",
    });
    const outer = template('o', {
      metrics: [metric()],
      templates: [{ templateName: 'y', clusterScope: true }],
    });
    expect(validateTemplatesFor(input([outer]), finite)).toEqual({
      path: 'spec.templates',
      value: 'y',
      message: "ClusterAnalysisTemplate 'y' not found",
    });
  });

  it('ANA-026 a metric without end is for background analyses only', () => {
    expect(validateTemplatesFor(input([endless]), finite)?.message).toBe(
      'AnalysisTemplate t has metric m which runs indefinitely. Invalid value for count: <nil>',
    );
    expect(validateTemplatesFor(input([endless]), { background: true })).toBeUndefined();
  });

  it('counts with the value that the Rollout gives', () => {
    const counted = template('t', {
      metrics: [metric({ interval: '5s', count: '{{args.count}}' })],
      args: [{ name: 'count' }],
    });
    expect(
      validateTemplatesFor(input([counted], { args: [{ name: 'count', value: '3' }] }), finite),
    ).toBeUndefined();
    expect(
      validateTemplatesFor(input([counted], { args: [{ name: 'count', value: '0' }] }), finite)?.message,
    ).toMatch(/runs indefinitely. Invalid value for count: 0$/);
  });

  it('a template must declare what it uses', () => {
    const user = template('user', { metrics: [metric({ successCondition: 'result < {{args.y}}' })] });
    const declarer = template('declarer', {
      metrics: [metric({ name: 'n' })],
      args: [{ name: 'y', value: '1' }],
    });
    expect(validateTemplatesFor(input([user, declarer]), finite)?.message).toBe(
      'AnalysisTemplate user: failed to resolve {{args.y}}',
    );
    expect(validateTemplatesFor(input([user, declarer]), { background: true })).toBeUndefined();
  });

  it('an argument with value and valueFrom', () => {
    const both = template('t', {
      metrics: [metric()],
      args: [{ name: 'a', value: '1', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    });
    expect(validateTemplatesFor(input([both]), finite)?.message).toBe(
      "AnalysisTemplate t: arg 'a' has both Value and ValueFrom fields",
    );
  });

  it('a field that is not there yet counts as empty', () => {
    const t = template('t', { metrics: [metric()], args: [{ name: 'a' }] });
    const args = [{ name: 'a', valueFrom: { fieldRef: { fieldPath: 'status.alb.name' } } }];
    expect(validateTemplatesFor(input([t], { args }), finite)).toBeUndefined();
  });

  it('what would end the run in Error is told before anything is changed', () => {
    const bad = template('t', { metrics: [metric({ interval: 'abc', count: 2 })] });
    expect(validateTemplatesFor(input([bad]), { background: true })).toEqual({
      value: 'templateNames: [t]',
      message: 'Analysis spec invalid: metrics[0]: invalid interval string: time: invalid duration "abc"',
    });
  });

  it('ANA-099 no templates, nothing to say', () => {
    expect(validateTemplatesFor(input([]), finite)).toBeUndefined();
  });
});
