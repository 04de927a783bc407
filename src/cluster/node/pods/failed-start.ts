import { randomUUID } from 'node:crypto';
import type { Instant } from '../../../api/index.ts';
import {
  type ContainerKey,
  type Exit,
  type RuntimeContainer,
  StartError,
  type StreamSession,
} from '../runtime/runtime.ts';

/** As container runtimes have it. */
const EXIT_CODE = 128;

/** A run whose program could not be started. It counts as one that has ended: with `StartError` and exit code 128. */
export class FailedStart implements RuntimeContainer {
  readonly id: string;
  readonly key: ContainerKey;
  readonly image: string;
  readonly startedAt: Instant = 0;
  readonly exit: Exit;
  readonly ended: Promise<Exit>;
  readonly reason: string;

  /** @param runtime the name of the runtime that could not start it */
  constructor(runtime: string, key: ContainerKey, image: string, reason: string, now: Instant) {
    this.id = `${runtime}://${randomUUID()}`;
    this.key = key;
    this.image = image;
    this.reason = `failed to start container "${key.container}" (${image}): ${reason}`;
    this.exit = { exitCode: EXIT_CODE, startedAt: 0, finishedAt: now, interrupted: false };
    this.ended = Promise.resolve(this.exit);
  }

  async stop(): Promise<Exit> {
    return this.exit;
  }

  async *logs(): AsyncIterable<Buffer> {}

  async exec(): Promise<never> {
    throw new StartError(this.reason);
  }

  async openExec(): Promise<StreamSession> {
    throw new StartError(this.reason);
  }

  async openAttach(): Promise<StreamSession> {
    throw new StartError(this.reason);
  }

  async remove(): Promise<void> {}

  release(): void {}
}
