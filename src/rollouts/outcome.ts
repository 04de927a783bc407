import type { Decision, Effect, EventRecord, Instant, RolloutStatus } from '../api/index.ts';

/**
 * What a pass has found to do so far. Stages only add to it; nothing in it is read back, so the order of the stages is
 * the order of the effects and nothing else.
 */
export class Outcome {
  readonly #effects: Effect[] = [];
  readonly #events: EventRecord[] = [];
  readonly #because: Decision<never>['because'] = [];
  #wakeAt: Instant | undefined;

  effect(...effects: readonly Effect[]): void {
    this.#effects.push(...effects);
  }

  event(type: EventRecord['type'], reason: string, message: string): void {
    this.#events.push({ type, reason, message });
  }

  because(code: string, text: string): void {
    this.#because.push({ code, text });
  }

  /** Asks for another pass at this time, or at an earlier one that another stage asks for. */
  wakeAt(instant: Instant): void {
    this.#wakeAt = this.#wakeAt === undefined ? instant : Math.min(this.#wakeAt, instant);
  }

  decision(status?: RolloutStatus): Decision<RolloutStatus> {
    return {
      ...(status && { status }),
      effects: this.#effects,
      events: this.#events,
      because: this.#because,
      ...(this.#wakeAt !== undefined && { wakeAt: this.#wakeAt }),
    };
  }
}
