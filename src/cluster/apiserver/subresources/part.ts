import type { KubeObject } from '../../../api/index.ts';
import { decodeBody } from '../http/body.ts';
import type { ApiContext } from '../http/context.ts';
import type { Exchange } from '../http/exchange.ts';
import { negotiate } from '../http/negotiate.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ObjectTarget } from '../rest/core.ts';
import { decodeObject } from '../rest/decode.ts';
import { parseWriteOptions } from '../rest/options.ts';
import { patcher } from '../rest/patch.ts';
import { getObject } from '../rest/read.ts';
import { carryName, modifyObject } from '../rest/update.ts';

/**
 * GET, PUT and PATCH of a subresource that shows the whole object and lets a part of it change.
 * @param part the object's kind with a strategy that keeps everything else as it is
 * @param check asked about the live object before it is written; may throw a StatusError
 */
export async function servePart(
  context: ApiContext,
  exchange: Exchange,
  target: ObjectTarget,
  part: Kind,
  check: (live: KubeObject) => void = () => {},
): Promise<void> {
  const { format } = negotiate(exchange.header('accept'));
  if (exchange.method === 'GET') {
    exchange.sendValue(200, await getObject(context, target, exchange.query), format);
    return;
  }
  const put = exchange.method === 'PUT';
  const options = parseWriteOptions(
    exchange.query,
    exchange.header('user-agent'),
    put ? 'UpdateOptions' : 'PatchOptions',
  );
  const decode = { options, custom: false, warn: (text: string) => exchange.warn(text) };
  const body = await exchange.body();
  const contentType = exchange.header('content-type');
  const change = put
    ? () => decodeBody(body, contentType, part.kind)
    : (patcher(target, body, contentType ?? 'none', { custom: false }) as (live: object) => unknown);
  const next = (live: KubeObject) => {
    check(live);
    return carryName(target, decodeObject(part, change(live), decode), live);
  };
  exchange.sendValue(200, await modifyObject(context, { ...target, kind: part }, { options, next }), format);
}
