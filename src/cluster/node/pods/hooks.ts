import { setTimeout as sleep } from 'node:timers/promises';
import type { LifecycleHandler } from 'kubernetes-types/core/v1.d.ts';
import { type CheckTarget, runCheck } from '../probes/checks.ts';

/** Runs a lifecycle hook to its end, or until the time is up. Returns what went wrong, if anything. */
export async function runHook(
  hook: LifecycleHandler & { sleep?: { seconds: number } },
  target: CheckTarget,
  timeoutMs: number,
): Promise<string | undefined> {
  if (hook.sleep) {
    await sleep(Math.min(hook.sleep.seconds * 1000, timeoutMs));
    return undefined;
  }
  const { ok, output } = await runCheck(hook, target, timeoutMs);
  return ok ? undefined : output;
}
