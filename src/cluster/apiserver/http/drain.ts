import type { Writable } from 'node:stream';
import type { Response } from './exchange.ts';

/** A client that takes nothing for so long is cut. */
const STALLED_MS = 60_000;

/** An answer as the stream that it is: both kinds of responses are, and only one is typed as such. */
export const streamOf = (response: Response) => response as unknown as Writable;

/** Whether the client has read on; false when it is gone, or is cut because it does not. */
export const drained = (out: Writable) => happens(out, 'drain');

/**
 * Waits until a whole answer is with the network, so that what is kept for a client that does not read is counted as
 * work in hand.
 */
export async function delivered(response: Response): Promise<void> {
  // What an HTTP/2 response still has to send is known to its stream alone.
  const kept: Writable = 'stream' in response ? response.stream : response;
  if (kept.writableLength > 0 && !kept.destroyed) await happens(kept, 'finish');
}

function happens(out: Writable, event: 'drain' | 'finish'): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (happened: boolean) => {
      clearTimeout(stalled);
      out.off(event, onEvent);
      out.off('close', onClose);
      resolve(happened);
    };
    const onEvent = () => settle(true);
    const onClose = () => settle(false);
    const stalled = setTimeout(() => {
      out.destroy();
      settle(false);
    }, STALLED_MS).unref();
    out.on(event, onEvent);
    out.on('close', onClose);
  });
}
