import { vi } from 'vitest';

/** Waits until the condition holds; fails with what it last said when it does not within two seconds. */
export function until(condition: () => boolean): Promise<void> {
  return vi.waitFor(
    () => {
      if (!condition()) throw new Error(`not so: ${condition}`);
    },
    { timeout: 2000, interval: 2 },
  );
}
