import type { KubeObject } from '../../../api/index.ts';
import type { Kind } from '../kinds/kind.ts';
import type { RowCondition } from './table.ts';

/** Of pods that have come to their end. */
export function conditionsOf(kind: Pick<Kind, 'group' | 'kind'>, object: KubeObject): RowCondition[] {
  if (kind.group !== '' || kind.kind !== 'Pod') return [];
  const phase = (object as { status?: { phase?: string } }).status?.phase;
  if (phase === 'Succeeded') {
    return [
      { type: 'Completed', status: 'True', reason: phase, message: 'The pod has completed successfully.' },
    ];
  }
  return phase === 'Failed'
    ? [{ type: 'Completed', status: 'True', reason: phase, message: 'The pod failed.' }]
    : [];
}
