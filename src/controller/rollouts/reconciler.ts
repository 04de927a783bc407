import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Logger } from 'pino';
import {
  API_VERSION,
  type Clock,
  type Decision,
  type Instant,
  type ObjectRef,
  POD_TEMPLATE_HASH_LABEL,
  ReplicaSets,
  type Rollout,
  type RolloutStatus,
  Rollouts,
} from '../../api/index.ts';
import {
  ApiError,
  isAlreadyExists,
  isNotFound,
  type KubeClient,
  objectKey,
  type Reader,
  splitKey,
  type Writer,
} from '../../kube/index.ts';
import {
  decideCreationFailed,
  decideRollout,
  decideRolloutDeleted,
  type RolloutSettings,
  type RolloutView,
} from '../../rollouts/index.ts';
import { type Acted, act, type RecordEvent } from '../act.ts';
import { find, type IndexedReader } from '../indexes.ts';
import { OwnWrites } from '../own-writes.ts';
import { type PassResult, type Reconciler, type Watch, watch } from '../reconciler.ts';
import { StaleViews, staleRetryMs } from '../stale-views.ts';
import { servicesByManager } from './indexes.ts';
import { observeRollout } from './observe.ts';
import { missingReferences } from './references.ts';
import { rolloutWatches } from './watches.ts';

export interface RolloutReconcilerOptions {
  reader: Reader & Partial<IndexedReader>;
  writer: Writer;
  /** Reads past the caches. */
  live: Pick<KubeClient, 'get'>;
  clock: Clock;
  recordEvent: RecordEvent;
  settings: RolloutSettings;
  log?: Logger | undefined;
  /** Called after a new status is written. */
  onStatusWritten?: ((before: Rollout, after: RolloutStatus) => void) | undefined;
}

/** Brings Rollouts forward: what to do is decided in `rollouts/`; here it is seen to. */
export class RolloutReconciler implements Reconciler {
  readonly name = 'Rollouts';
  readonly watches: readonly Watch[];
  readonly #options: RolloutReconcilerOptions;
  readonly #ownWrites = new OwnWrites();
  readonly #staleViews = new StaleViews();
  /** Rollouts that have come into view and were not looked at since. */
  readonly #arrived = new Set<string>();
  /** The last that was seen of Rollouts that have gone from view. */
  readonly #departed = new Map<string, Rollout>();
  /** Objects in the way of a new ReplicaSet. */
  readonly #collisions = new Map<string, ReplicaSet>();
  /** The last failure of each key, so that the same is told once. */
  readonly #failures = new Map<string, string>();

  constructor(options: RolloutReconcilerOptions) {
    this.#options = options;
    this.watches = [
      watch(Rollouts, (before, after) => this.#rolloutChanged(before, after)),
      ...rolloutWatches(options.reader, (key) => this.#ownWrites.awaits(key)),
    ];
  }

  async process(key: string): Promise<PassResult> {
    const { reader, clock, settings } = this.#options;
    if (this.#ownWrites.behind(key, reader, clock())) return { requeueAfterMs: staleRetryMs };
    const { namespace = '', name } = splitKey(key);
    await this.#seeOff(key);
    const view = observeRollout(reader, namespace, name, settings);
    if (!view) return this.#releaseServices(key);
    this.#welcome(key, view.rollout);

    const now = clock();
    let decision: Decision<RolloutStatus> | undefined;
    try {
      decision = decideRollout(this.#withCollision(key, view), now);
      if (isNewlyInvalid(decision) && (await this.#lacksWhatIsThere(key, view))) {
        return { requeueAfterMs: staleRetryMs };
      }
      const acted = await this.#act(key, view.rollout, decision);
      this.#staleViews.clear(key);
      this.#failures.delete(key);
      this.#collisions.delete(key);
      return nextPass(decision, acted, now);
    } catch (error) {
      const refused = decision && creationOf(decision);
      if (refused && isAlreadyExists(error)) await this.#lookAtCollision(key, refused);
      if (this.#staleViews.explains(key, error)) return { requeueAfterMs: staleRetryMs };
      await this.#reportFailure(key, view.rollout, refused, error);
      throw error;
    }
  }

  #rolloutChanged(before: Rollout | undefined, after: Rollout | undefined): string[] {
    const { namespace, name } = (after ?? before)?.metadata ?? {};
    const key = objectKey(namespace, name ?? '');
    if (!before) this.#arrived.add(key);
    if (before && !after) this.#departed.set(key, before);
    return [key];
  }

  async #act(key: string, rollout: Rollout, decision: Decision<RolloutStatus>): Promise<Acted<Rollout>> {
    const { writer, clock, recordEvent, log, onStatusWritten } = this.#options;
    const acted = await act(key, { type: Rollouts, object: rollout, statusSubresource: true }, decision, {
      writer,
      clock,
      recordEvent,
      ownWrites: this.#ownWrites,
    });
    if (acted.written && decision.status) onStatusWritten?.(rollout, decision.status);
    if (acted.written || acted.effects.length > 0) {
      log?.info(
        {
          namespace: rollout.metadata.namespace,
          rollout: rollout.metadata.name,
          generation: rollout.metadata.generation,
          reason: decision.because[0]?.code,
          effects: acted.effects,
        },
        decision.because[0]?.text ?? acted.effects[0] ?? 'status changed',
      );
    }
    return acted;
  }

  /** Tells of a new Rollout; one that has a status was told of when it was new (OPS-058). */
  #welcome(key: string, rollout: Rollout): void {
    if (!this.#arrived.delete(key) || rollout.status) return;
    this.#options.recordEvent(rollout, {
      type: 'Normal',
      reason: 'RolloutAddedToInformer',
      message: `Rollout resource added to informer: ${rollout.metadata.namespace}/${rollout.metadata.name}`,
    });
  }

  /** Undoes what a Rollout that has gone from view has left behind, unless it only belongs to another controller now. */
  async #seeOff(key: string): Promise<void> {
    const rollout = this.#departed.get(key);
    if (!rollout) return;
    if (!(await this.#exists(key, rollout.metadata.uid))) {
      const successor = this.#options.reader.get(
        Rollouts,
        rollout.metadata.namespace,
        rollout.metadata.name ?? '',
      );
      const services = successor ? [] : find(this.#options.reader, servicesByManager, key);
      await this.#act(key, rollout, decideRolloutDeleted(rollout, services));
    }
    this.#departed.delete(key);
    this.#arrived.delete(key);
    this.#staleViews.clear(key);
    this.#failures.delete(key);
    this.#collisions.delete(key);
  }

  /** Services that say that they are managed by a Rollout that there is not, as after a deletion that we missed. */
  async #releaseServices(key: string): Promise<PassResult> {
    const services = find(this.#options.reader, servicesByManager, key);
    if (services.length === 0 || (await this.#exists(key))) return {};
    const { namespace, name } = splitKey(key);
    const gone: Rollout = {
      apiVersion: API_VERSION,
      kind: 'Rollout',
      metadata: { namespace, name },
      spec: {},
    };
    await this.#act(key, gone, { ...decideRolloutDeleted(gone, services), events: [] });
    return {};
  }

  /** Asks the server: Rollouts of other controllers are not in the cache (OPS-019, OPS-020). */
  async #exists(key: string, uid?: string | undefined): Promise<boolean> {
    const { namespace, name } = splitKey(key);
    try {
      const live = await this.#options.live.get({ type: Rollouts, namespace, name });
      return uid === undefined || live.metadata.uid === uid;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /**
   * Whether the server has what the Rollout names and the caches do not show: each kind has a watch of its own, so a
   * Rollout may be seen before the Service or template that was applied with it.
   */
  async #lacksWhatIsThere(key: string, view: RolloutView): Promise<boolean> {
    const found = await Promise.all(
      missingReferences(view).map((ref) =>
        this.#options.live.get(ref).then(
          () => true,
          () => false,
        ),
      ),
    );
    return found.includes(true) && this.#staleViews.tolerates(key);
  }

  /** A ReplicaSet that has the name of ours without our label is not in the cache, which is filtered (CAN-027). */
  #withCollision(key: string, view: RolloutView): RolloutView {
    const collision = this.#collisions.get(key);
    return collision ? { ...view, replicaSets: [...view.replicaSets, collision] } : view;
  }

  async #lookAtCollision(key: string, { namespace, name }: ObjectRef): Promise<void> {
    const { live } = this.#options;
    const existing = await live.get({ type: ReplicaSets, namespace, name }).catch(() => undefined);
    if (existing && !existing.metadata?.labels?.[POD_TEMPLATE_HASH_LABEL]) {
      this.#collisions.set(key, existing);
    }
  }

  /** Tells the user of a failure, in the status where it is about the new ReplicaSet (CAN §3.3). */
  async #reportFailure(
    key: string,
    rollout: Rollout,
    refused: ObjectRef | undefined,
    error: unknown,
  ): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#failures.get(key) === message) return;
    this.#failures.set(key, message);
    if (refused && error instanceof ApiError && error.code >= 400) {
      const decision = decideCreationFailed(rollout, refused.name, message, this.#options.clock());
      // The status is of less account than the failure itself, which is about to be thrown.
      await this.#act(key, rollout, decision).catch(() => undefined);
      return;
    }
    this.#options.recordEvent(rollout, {
      type: 'Warning',
      reason: 'ReconciliationError',
      message: `Reconciliation failed with error: ${message}`,
    });
  }
}

/** A decision that is about to call the Rollout invalid, for a reason that it was not told before. */
function isNewlyInvalid({ because, events }: Decision<RolloutStatus>): boolean {
  return because.some(({ code }) => code === 'InvalidSpec') && events.length > 0;
}

/** The ReplicaSet that a decision creates, if it does. */
function creationOf(decision: Decision<RolloutStatus>): ObjectRef | undefined {
  return decision.effects.find(({ kind, ref }) => kind === 'create' && ref.type === ReplicaSets)?.ref;
}

/** What was written comes back as a change of the cache, but perhaps before its answer: so look again soon, too. */
function nextPass({ wakeAt }: Decision<RolloutStatus>, acted: Acted<Rollout>, now: Instant): PassResult {
  const delays = [
    wakeAt === undefined ? undefined : Math.max(1, wakeAt - now),
    acted.written || acted.effects.length > 0 ? staleRetryMs : undefined,
  ].filter((delay) => delay !== undefined);
  return delays.length > 0 ? { requeueAfterMs: Math.min(...delays) } : {};
}
