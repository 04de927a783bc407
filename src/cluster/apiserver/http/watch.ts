import type { Writable } from 'node:stream';
import type { KubeObject } from '../../../api/index.ts';
import { apiVersionOfKind, present, type Target } from '../rest/core.ts';
import { parseFieldSelector, parseSelectors } from '../rest/selectors.ts';
import type { RawEvent } from '../watch/events.ts';
import { parseWatchOptions } from '../watch/options.ts';
import { WatchStream } from '../watch/stream.ts';
import type { ApiContext } from './context.ts';
import type { Exchange } from './exchange.ts';
import { negotiate } from './negotiate.ts';
import { includeObjectOf, viewObject } from './views.ts';

/** Streams the changes of a collection, or of one object. @throws StatusError before it begins */
export function serveWatch(context: ApiContext, exchange: Exchange, target: Target): void {
  const { store, registry, watches } = context;
  const { kind, namespace, name } = target;
  const accepted = negotiate(exchange.header('accept'));
  const { as } = accepted;
  const includeObject = includeObjectOf(exchange, accepted);
  const options = parseWatchOptions(exchange.query, Math.random());
  const selected = parseSelectors(kind, exchange.query);
  const named = name === undefined ? undefined : parseFieldSelector(kind, `metadata.name=${name}`);
  const matches =
    selected && named ? (object: KubeObject) => selected(object) && named(object) : (selected ?? named);
  const encode = ({ type, object }: RawEvent, first: boolean) => {
    if (as === undefined) return context.eventLines.line(kind, type, object);
    const view = { accepted: { format: 'json' as const, as }, includeObject, now: context.clock() } as const;
    const shown = viewObject(kind, present(kind, object), view, first);
    return `${JSON.stringify({ type, object: shown })}\n`;
  };
  const bookmark = (metadata: KubeObject['metadata']) => {
    const object = bookmarkObject(as, kind.kind, apiVersionOfKind(kind), metadata);
    return `${JSON.stringify({ type: 'BOOKMARK', object })}\n`;
  };
  exchange.writeHead(200, { 'content-type': 'application/json' });
  exchange.flushHeaders();
  const resource = registry.resourceOf(kind);
  // Both kinds of responses are writable streams; only one is typed as such.
  const out = exchange.response as unknown as Writable;
  const stream = new WatchStream({ store, resource, namespace, matches, options, encode, bookmark }, out);
  watches.add(stream);
  out.on('close', () => watches.delete(stream));
}

function bookmarkObject(
  as: string | undefined,
  kind: string,
  apiVersion: string,
  metadata: KubeObject['metadata'],
) {
  if (as === 'Table') {
    return {
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      columnDefinitions: null,
      rows: [],
    };
  }
  if (as !== undefined) return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
  return { kind, apiVersion, metadata };
}
