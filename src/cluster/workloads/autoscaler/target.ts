import type { Scale } from 'kubernetes-types/autoscaling/v1.d.ts';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.d.ts';
import { ApiError, type KubeClient, objectPath } from '../../../kube/index.ts';
import type { Discovery } from '../discovery/discovery.ts';
import type { ScaleTarget } from './decide.ts';

/** The scale of what an autoscaler points to, of whatever kind. @throws when the API server cannot be asked */
export async function findTarget(
  { metadata, spec }: HorizontalPodAutoscaler,
  client: KubeClient,
  discovery: Discovery,
): Promise<ScaleTarget> {
  const { apiVersion = '', kind = '', name = '' } = spec?.scaleTargetRef ?? {};
  const parts = apiVersion.split('/');
  if (parts.length > 2) return { problem: `unexpected GroupVersion string: ${apiVersion}` };
  const group = parts.length === 2 ? parts[0]! : '';
  const type = (await discovery.types()).find((each) => each.group === group && each.kind === kind);
  if (!type) {
    return { problem: `no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}` };
  }
  try {
    const path = `${objectPath({ type, namespace: metadata?.namespace, name })}/scale`;
    return { type, scale: (await (await client.request('GET', path)).json()) as Scale };
  } catch (error) {
    if (error instanceof ApiError && error.code !== 0) return { problem: error.message };
    throw error;
  }
}
