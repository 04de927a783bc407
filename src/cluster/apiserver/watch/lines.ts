import type { KubeObject } from '../../../api/index.ts';
import type { Kind } from '../kinds/kind.ts';
import { present } from '../rest/core.ts';
import type { RawEvent } from './events.ts';

/**
 * Events as lines, in bytes. A change is told to all its watchers in one turn of the event loop, and for all of them
 * the line is made once.
 */
export class EventLines {
  #lines = new Map<KubeObject, Map<string, Buffer>>();

  line(kind: Kind, type: RawEvent['type'], object: KubeObject): Buffer {
    if (this.#lines.size === 0) setImmediate(() => this.#lines.clear());
    let ofObject = this.#lines.get(object);
    if (!ofObject) {
      ofObject = new Map();
      this.#lines.set(object, ofObject);
    }
    const view = `${type} ${kind.group}/${kind.version}`;
    let line = ofObject.get(view);
    if (line === undefined) {
      line = Buffer.from(`${JSON.stringify({ type, object: present(kind, object) })}\n`);
      ofObject.set(view, line);
    }
    return line;
  }
}
