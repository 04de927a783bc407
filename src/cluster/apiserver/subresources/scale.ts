import type { Scale } from 'kubernetes-types/autoscaling/v1.d.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import { formatSelector, type KubeObject } from '../../../api/index.ts';
import type { ScalePaths } from '../kinds/kind.ts';
import type { Core, ObjectTarget } from '../rest/core.ts';
import { locate } from '../rest/core.ts';
import type { WriteOptions } from '../rest/options.ts';
import { modifyObject } from '../rest/update.ts';
import { invalid, modifiedConflict, notFound } from '../status.ts';
import { checkName, ownKind } from './own-kind.ts';

type Json = Record<string, unknown>;

const valueAt = (object: unknown, path: string): unknown =>
  path
    .split('.')
    .filter(Boolean)
    .reduce<unknown>((value, key) => (value as Json | undefined)?.[key], object);

function withValue(object: Json, path: readonly string[], value: unknown): Json {
  const [key = '', ...rest] = path;
  const child = rest.length > 0 ? withValue((object[key] as Json | undefined) ?? {}, rest, value) : value;
  return { ...object, [key]: child };
}

/** An object seen as `autoscaling/v1` Scale. */
function scaleOf(object: KubeObject, paths: ScalePaths): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
  const replicas = Number(valueAt(object, paths.specReplicasPath) ?? 0);
  const selector = paths.labelSelectorPath ? valueAt(object, paths.labelSelectorPath) : undefined;
  const selectorText = typeof selector === 'string' ? selector : formatSelector(selector as LabelSelector);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas ? { replicas } : {},
    status: {
      replicas: Number(valueAt(object, paths.statusReplicasPath) ?? 0),
      ...(selectorText && { selector: selectorText }),
    },
  };
}

/** GET of the scale. @throws StatusError 404 */
export function getScale(core: Core, target: ObjectTarget, paths: ScalePaths): Scale {
  const { resource, key } = locate(core, target);
  const entry = resource.get(key);
  if (!entry) throw missingScale(core, target);
  return scaleOf(entry.object, paths);
}

/** Built-in kinds name the subresource, custom resources only themselves. */
function missingScale(core: Core, { kind, name }: ObjectTarget) {
  return notFound(core.registry.isCustom(kind) ? kind : { ...kind, plural: `${kind.plural}/scale` }, name);
}

/**
 * PUT or PATCH of the scale: changes the object's replicas and nothing else.
 * @param next makes the wanted Scale of the present one
 * @throws StatusError 400, 404, 409 or 422
 */
export async function writeScale(
  core: Core,
  target: ObjectTarget,
  paths: ScalePaths,
  options: WriteOptions,
  next: (scale: Scale) => unknown,
): Promise<Scale> {
  const object = await modifyObject(
    core,
    { ...target, subresource: undefined },
    {
      options,
      subresource: 'scale',
      next: (live) => {
        const wanted = ownKind<Scale>(next(scaleOf(live, paths)), { kind: 'Scale' }, ['autoscaling/v1']);
        checkName(wanted, target.name, 'Scale');
        const version = wanted.metadata?.resourceVersion;
        if (version && version !== live.metadata?.resourceVersion) {
          throw modifiedConflict(target.kind, target.name);
        }
        const replicas = checkedReplicas(target.name, wanted.spec?.replicas ?? 0);
        return withValue(
          live as Json,
          paths.specReplicasPath.split('.').filter(Boolean),
          replicas,
        ) as KubeObject;
      },
    },
  );
  return scaleOf(object, paths);
}

function checkedReplicas(name: string, replicas: unknown): number {
  if (typeof replicas === 'number' && Number.isInteger(replicas) && replicas >= 0) return replicas;
  throw invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
    {
      type: 'FieldValueInvalid',
      field: 'spec.replicas',
      value: replicas,
      detail:
        typeof replicas === 'number' && Number.isInteger(replicas)
          ? 'must be greater than or equal to 0'
          : 'must be a whole number',
    },
  ]);
}
