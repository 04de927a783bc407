import type { Writable } from 'node:stream';
import type { KubeObject } from '../../../api/index.ts';
import type { Exchange } from './exchange.ts';

/** So many objects are turned into text at a time; other requests have their turn in between. */
const SLICE = 100;
/** A client that takes nothing for so long is cut. */
const STALLED_MS = 60_000;

/**
 * Sends a list as JSON. A long one goes out in slices, as fast as the client reads: it neither holds up other requests
 * nor ever exists as one text.
 * @param view the list with these items, as the client wants to see it
 */
export async function sendList(
  exchange: Exchange,
  items: readonly KubeObject[],
  view: (items: KubeObject[]) => unknown,
): Promise<void> {
  const first = view(items.slice(0, SLICE));
  if (items.length <= SLICE || exchange.method === 'HEAD') {
    exchange.sendValue(200, items.length <= SLICE ? first : view([...items]));
    return;
  }
  // Both kinds of responses are writable streams; only one is typed as such.
  const out = exchange.response as unknown as Writable;
  const member = 'rows' in (first as object) ? 'rows' : 'items';
  const { [member]: begin, ...head } = first as Record<string, unknown>;
  exchange.writeHead(200, { 'content-type': 'application/json' });
  out.write(`${JSON.stringify(head).slice(0, -1)},"${member}":[${inner(begin)}`);
  for (let at = SLICE; at < items.length; at += SLICE) {
    await turn();
    const part = view(items.slice(at, at + SLICE)) as Record<string, unknown>;
    if (exchange.gone || (!out.write(`,${inner(part[member])}`) && !(await drained(out)))) return;
  }
  out.end(']}\n');
}

/** The text between the brackets. */
const inner = (list: unknown) => JSON.stringify(list).slice(1, -1);

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Whether the client has read on; false when it is gone, or is cut because it does not. */
function drained(out: Writable): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (read: boolean) => {
      clearTimeout(stalled);
      out.off('drain', onDrain);
      out.off('close', onClose);
      resolve(read);
    };
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    const stalled = setTimeout(() => {
      out.destroy();
      settle(false);
    }, STALLED_MS).unref();
    out.on('drain', onDrain);
    out.on('close', onClose);
  });
}
