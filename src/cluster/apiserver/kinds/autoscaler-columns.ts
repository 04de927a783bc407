import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from 'kubernetes-types/autoscaling/v2.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import { column, none, unknown } from './columns.ts';

/** Metrics that the cell names; of others it gives the number. */
const SHOWN = 2;

export function autoscalerColumns(v2: (object: KubeObject) => HorizontalPodAutoscaler) {
  return [
    column('Reference', 'What it scales.', (object) => {
      const { kind, name } = v2(object).spec?.scaleTargetRef ?? { kind: '', name: '' };
      return `${kind}/${name}`;
    }),
    column('Targets', 'Measured values and what they should be.', (object) => targetsCell(v2(object))),
    column('MinPods', 'Fewest pods.', (object) => String(v2(object).spec?.minReplicas ?? '<unset>')),
    column('MaxPods', 'Most pods.', (object) => v2(object).spec?.maxReplicas ?? 0),
    column('Replicas', 'Pods now.', (object) => v2(object).status?.currentReplicas ?? 0),
  ];
}

/** `cpu: 12%/50%, memory: <unknown>/1Gi + 1 more...` */
function targetsCell({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec?.metrics ?? [];
  if (metrics.length === 0) return none;
  const cells = metrics.slice(0, SHOWN).map((metric, i) => targetCell(metric, status?.currentMetrics?.[i]));
  const rest = metrics.length - SHOWN;
  return `${cells.join(', ')}${rest > 0 ? ` + ${rest} more...` : ''}`;
}

function targetCell(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'Resource': {
      const current = status?.resource?.current;
      return `${metric.resource?.name}: ${shareOrValue(metric.resource?.target, current)}`;
    }
    case 'ContainerResource': {
      const current = status?.containerResource?.current;
      return `${metric.containerResource?.name}: ${shareOrValue(metric.containerResource?.target, current)}`;
    }
    case 'Pods':
      return `${status?.pods?.current.averageValue ?? unknown}/${metric.pods?.target.averageValue}`;
    case 'Object':
      return averageOrValue(metric.object?.target, status?.object?.current);
    case 'External':
      return averageOrValue(metric.external?.target, status?.external?.current);
    default:
      return '<unknown type>';
  }
}

interface Values {
  averageUtilization?: number;
  averageValue?: string;
  value?: string;
}

function shareOrValue(target: Values | undefined, current: Values | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue}`;
  const share = current?.averageUtilization;
  const wanted = target?.averageUtilization;
  return `${share === undefined ? unknown : `${share}%`}/${wanted === undefined ? '<auto>' : `${wanted}%`}`;
}

function averageOrValue(target: Values | undefined, current: Values | undefined): string {
  if (target?.averageValue !== undefined) {
    return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
  }
  return `${current?.value ?? unknown}/${target?.value}`;
}
