import { describe, expect, it } from 'vitest';
import { crds } from './crds.ts';
import type { Schema } from './kubernetes/index.ts';

const versionOf = (kind: string) => {
  const version = crds().find(({ spec }) => spec.names.kind === kind)?.spec.versions[0];
  if (!version) throw new Error(`no CRD of ${kind}`);
  return version;
};
const schemaOf = (kind: string) => versionOf(kind).schema?.openAPIV3Schema as Schema;

/** The schema of a field; `[]` steps into a list's elements. */
const at = (kind: string, path: string) =>
  path.split('.').reduce<Schema | undefined>((schema, name) => {
    const [, field = '', list] = /^(.*?)(\[\])?$/.exec(name) ?? [];
    const child = schema?.properties?.[field];
    return list ? child?.items : child;
  }, schemaOf(kind));

describe('crds (OPS §14)', () => {
  it('names, scopes and subresources are those of the field', () => {
    const summary = crds().map(({ metadata, spec }) => [
      metadata?.name,
      spec.scope,
      spec.names.shortNames?.join(),
      Object.keys(spec.versions[0]?.subresources ?? {}).join(),
    ]);
    expect(summary).toEqual([
      ['rollouts.argoproj.io', 'Namespaced', 'ro', 'status,scale'],
      ['analysistemplates.argoproj.io', 'Namespaced', 'at', ''],
      ['clusteranalysistemplates.argoproj.io', 'Cluster', 'cat', ''],
      ['analysisruns.argoproj.io', 'Namespaced', 'ar', ''],
      ['experiments.argoproj.io', 'Namespaced', 'exp', ''],
    ]);
    expect(versionOf('Rollout').subresources?.scale).toEqual({
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.HPAReplicas',
      labelSelectorPath: '.status.selector',
    });
  });

  it('columns are those that kubectl shows', () => {
    const columns = (kind: string) =>
      versionOf(kind).additionalPrinterColumns?.map(
        ({ name, type, jsonPath }) => `${name} ${type} ${jsonPath}`,
      );
    expect(columns('Rollout')).toEqual([
      'Desired integer .spec.replicas',
      'Current integer .status.replicas',
      'Up-to-date integer .status.updatedReplicas',
      'Available integer .status.availableReplicas',
      'Age date .metadata.creationTimestamp',
    ]);
    expect(columns('AnalysisRun')).toEqual([
      'Status string .status.phase',
      'Age date .metadata.creationTimestamp',
    ]);
    expect(columns('AnalysisTemplate')).toEqual(['Age date .metadata.creationTimestamp']);
  });

  it.each([
    ['Rollout', 'spec.strategy.blueGreen', ['activeService']],
    ['Rollout', 'spec.strategy.canary.steps[].plugin', ['name']],
    ['Rollout', 'spec.strategy.canary.steps[].setHeaderRoute.match[]', ['headerName', 'headerValue']],
    ['Rollout', 'spec.strategy.canary.steps[].setMirrorRoute', ['name']],
    ['Rollout', 'spec.strategy.canary.trafficRouting.istio.virtualService', ['name']],
    [
      'Rollout',
      'spec.strategy.canary.trafficRouting.istio.destinationRule',
      ['canarySubsetName', 'name', 'stableSubsetName'],
    ],
    ['Rollout', 'spec.strategy.canary.trafficRouting.alb', ['servicePort']],
    ['Rollout', 'spec.strategy.canary.trafficRouting.ambassador', ['mappings']],
    ['Rollout', 'spec.strategy.canary.trafficRouting.traefik', ['weightedTraefikServiceName']],
    ['Rollout', 'spec.strategy.canary.trafficRouting.apisix.route', ['name']],
    ['Rollout', 'spec.strategy.canary.trafficRouting.managedRoutes[]', ['name']],
    ['Rollout', 'spec.strategy.canary.pingPong', ['pingService', 'pongService']],
    ['Rollout', 'spec.strategy.canary.replicaProgressThreshold', ['type', 'value']],
    [
      'Rollout',
      'spec.strategy.canary.antiAffinity.preferredDuringSchedulingIgnoredDuringExecution',
      ['weight'],
    ],
    ['Rollout', 'spec', undefined],
    ['AnalysisTemplate', 'spec', undefined],
    ['AnalysisTemplate', 'spec.metrics[]', ['name', 'provider']],
    ['AnalysisRun', 'spec', ['metrics']],
    ['AnalysisRun', 'status', ['phase']],
    ['Experiment', 'spec', ['templates']],
    ['Experiment', 'spec.templates[]', ['name', 'selector', 'template']],
    ['Rollout', 'spec.template.spec', ['containers']],
    ['Rollout', 'spec.template.spec.containers[]', ['name']],
  ])('%s %s requires %j', (kind, path, required) => {
    expect(at(kind, path)?.required).toEqual(required);
  });

  it('spec is required of every kind', () => {
    for (const { spec } of crds()) expect(schemaOf(spec.names.kind).required).toEqual(['spec']);
  });

  it('unknown fields are kept only where what is there is for others to know', () => {
    const kept = (schema: Schema, path: string): string[] => [
      ...(schema['x-kubernetes-preserve-unknown-fields'] ? [path] : []),
      ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => kept(child, `${path}.${name}`)),
      ...(schema.items ? kept(schema.items, `${path}[]`) : []),
      ...(typeof schema.additionalProperties === 'object'
        ? kept(schema.additionalProperties, `${path}{}`)
        : []),
    ];
    const inPods = /\.(volumes\[\]|resources\.(limits|requests))$/;
    const places = crds().flatMap(({ spec }) => kept(schemaOf(spec.names.kind), spec.names.kind));
    expect(places.filter((place) => !inPods.test(place))).toEqual([
      'Rollout.spec.strategy.canary.steps[].plugin.config',
      'Rollout.spec.strategy.canary.trafficRouting.plugins',
      'Rollout.status.canary.stepPluginStatuses[].status',
      ...['AnalysisTemplate', 'ClusterAnalysisTemplate', 'AnalysisRun'].flatMap((kind) => [
        `${kind}.spec.metrics[].provider.plugin`,
        `${kind}.spec.metrics[].provider.web.jsonBody`,
      ]),
    ]);
    expect(places.some((place) => inPods.test(place))).toBe(true);
  });

  it('templates keep labels and annotations of their metadata only', () => {
    for (const [kind, path] of [
      ['Rollout', 'spec.template.metadata'],
      ['Experiment', 'spec.templates[].template.metadata'],
      ['AnalysisTemplate', 'spec.metrics[].provider.job.spec.template.metadata'],
    ] as const) {
      expect(Object.keys(at(kind, path)?.properties ?? {})).toEqual(['annotations', 'labels']);
    }
  });

  it('the selector of a Rollout cannot be changed, by the only rule there is', () => {
    expect(at('Rollout', 'spec.selector')?.['x-kubernetes-validations']).toEqual([
      { rule: 'self == oldSelf', message: '.spec.selector is immutable' },
    ]);
    expect(JSON.stringify(crds()).match(/x-kubernetes-validations/g)).toHaveLength(1);
  });

  it('defaults are those of Datadog only', () => {
    const defaults = JSON.stringify(schemaOf('AnalysisTemplate')).match(/"default":"[^"]*"/g);
    expect(defaults?.sort()).toEqual(['"default":"10s"', '"default":"5m"', '"default":"v1"']);
    expect(JSON.stringify(schemaOf('Rollout'))).not.toContain('"default"');
  });

  it('carries nothing that only the embedded server reads', () => {
    expect(JSON.stringify(crds())).not.toMatch(/x-kanari|\$ref/);
  });
});
