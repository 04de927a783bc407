import { notAcceptable } from '../status.ts';

/** What a client accepts of an answer that is an object, a list or a watch. */
export interface Accepted {
  format: 'json' | 'yaml';
  /** What objects are turned into. */
  as?: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | undefined;
}

interface MediaType {
  type: string;
  params: Record<string, string>;
  quality: number;
}

const FORMATS: Record<string, Accepted['format']> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/*': 'json',
  '*/*': 'json',
};
const VIEWS = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

/** Media types of an Accept header, the preferred first. */
export function parseAccept(header: string | undefined): MediaType[] {
  if (!header?.trim()) return [{ type: '*/*', params: {}, quality: 1 }];
  return header
    .split(',')
    .map(parseMediaType)
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
}

function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const params: Record<string, string> = {};
  for (const part of rest) {
    const [key = '', value = ''] = part.split('=');
    params[key.toLowerCase()] = value.replace(/^"|"$/g, '');
  }
  const quality = Number(params.q ?? 1);
  return { type: type.toLowerCase(), params, quality: Number.isNaN(quality) ? 1 : quality };
}

/**
 * The first of the accepted media types that this server writes.
 * @throws StatusError 406 when there is none
 */
export function negotiate(header: string | undefined): Accepted {
  for (const { type, params } of parseAccept(header)) {
    const format = FORMATS[type];
    if (!format) continue;
    if (params.as === undefined) return { format };
    if (VIEWS.has(params.as) && params.g === 'meta.k8s.io' && params.v === 'v1') {
      return { format, as: params.as as Accepted['as'] };
    }
  }
  throw notAcceptable(['application/json', 'application/yaml']);
}
