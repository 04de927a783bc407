import { crds, type KubeObject } from '../../api/index.ts';
import { builtinKindSchema, type Schema } from '../../api/kubernetes/index.ts';
import { ownTypeOf } from './kinds.ts';

/** Schema of an object of one of our kinds; undefined for others. */
export function ownSchema(object: KubeObject): Schema | undefined {
  const type = ownTypeOf(object);
  const crd = type && crds().find(({ spec }) => spec.names.plural === type.plural);
  return crd?.spec.versions[0]?.schema?.openAPIV3Schema as Schema | undefined;
}

const referencedKinds: Record<string, string> = {
  'v1 Service': 'io.k8s.api.core.v1.Service',
  'networking.k8s.io/v1 Ingress': 'io.k8s.api.networking.v1.Ingress',
};

/** Schema of a built-in kind that Rollouts refer to; undefined for others. */
export function referencedSchema({ apiVersion, kind }: KubeObject): Schema | undefined {
  const name = referencedKinds[`${apiVersion} ${kind}`];
  return name === undefined ? undefined : builtinKindSchema(name);
}
