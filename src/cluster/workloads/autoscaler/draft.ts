import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import { type EventRecord, formatTime, type Instant } from '../../../api/index.ts';

type ConditionType = 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';

/** The status and the events of a pass, as they come about. */
export class Draft {
  readonly events: EventRecord[] = [];
  readonly #autoscaler: HorizontalPodAutoscaler;
  readonly #now: Instant;
  readonly #conditions: HorizontalPodAutoscalerCondition[];

  constructor(autoscaler: HorizontalPodAutoscaler, now: Instant) {
    this.#autoscaler = autoscaler;
    this.#now = now;
    this.#conditions = [...(autoscaler.status?.conditions ?? [])];
  }

  warn(reason: string, message: string): void {
    this.events.push({ type: 'Warning', reason, message });
  }

  tell(reason: string, message: string): void {
    this.events.push({ type: 'Normal', reason, message });
  }

  set(type: ConditionType, status: 'True' | 'False', reason: string, message: string): void {
    const at = this.#conditions.findIndex((condition) => condition.type === type);
    const before = this.#conditions[at];
    const lastTransitionTime =
      before?.status === status && before.lastTransitionTime
        ? before.lastTransitionTime
        : formatTime(this.#now);
    const condition = { type, status, lastTransitionTime, reason, message };
    if (at < 0) this.#conditions.push(condition);
    else this.#conditions[at] = condition;
  }

  /** What is not given stays as it was. */
  status(change: Partial<HorizontalPodAutoscalerStatus> = {}): HorizontalPodAutoscalerStatus {
    const { status, metadata } = this.#autoscaler;
    return {
      ...status,
      currentReplicas: status?.currentReplicas ?? 0,
      desiredReplicas: status?.desiredReplicas ?? 0,
      ...change,
      conditions: this.#conditions,
      ...(metadata?.generation !== undefined && { observedGeneration: metadata.generation }),
    };
  }
}
