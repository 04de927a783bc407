import type { KubeObject } from '../../../api/index.ts';
import { drained, streamOf } from './drain.ts';
import type { Exchange } from './exchange.ts';

/** So many objects are made ready at a time; other requests have their turn in between. */
const SLICE = 100;
/** So much text is made at a time, roughly; a client that does not read costs no more. */
const PIECE_CHARS = 256 * 1024;

/**
 * Sends a list as JSON. A long one goes out in pieces, as fast as the client reads: it neither holds up other requests
 * nor ever exists as one text.
 * @param view the list with these items, as the client wants to see it
 */
export async function sendList(
  exchange: Exchange,
  items: readonly KubeObject[],
  view: (items: KubeObject[]) => unknown,
): Promise<void> {
  if (exchange.method === 'HEAD') {
    exchange.sendValue(200, view([...items]));
    return;
  }
  const out = streamOf(exchange.response);
  let begun = false;
  for (const piece of piecesOf(items, view)) {
    if (exchange.gone) return;
    if (piece.last && !begun) {
      exchange.send(200, 'application/json', piece.text);
      return;
    }
    if (!begun) exchange.writeHead(200, { 'content-type': 'application/json' });
    begun = true;
    if (piece.last) {
      out.end(piece.text);
      return;
    }
    if (!out.write(piece.text) && !(await drained(out))) return;
    await turn();
  }
}

/** The text of a list, made as it is needed. */
function* piecesOf(
  items: readonly KubeObject[],
  view: (items: KubeObject[]) => unknown,
): Generator<{ text: string; last: boolean }> {
  let text = '';
  for (let at = 0; at === 0 || at < items.length; at += SLICE) {
    const viewed = view(items.slice(at, at + SLICE)) as Record<string, unknown>;
    const member = 'rows' in viewed ? 'rows' : 'items';
    const { [member]: part, ...head } = viewed;
    if (at === 0) text = `${JSON.stringify(head).slice(0, -1)},"${member}":[`;
    for (const [i, item] of (part as unknown[]).entries()) {
      text += at + i === 0 ? JSON.stringify(item) : `,${JSON.stringify(item)}`;
      if (text.length < PIECE_CHARS) continue;
      yield { text, last: false };
      text = '';
    }
  }
  yield { text: `${text}]}\n`, last: true };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
