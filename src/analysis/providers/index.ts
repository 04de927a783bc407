/** Takes measurements: the one part of analysis that does I/O. One file for each provider. */
export {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  type ResolveService,
} from './http/client.ts';
export { measure } from './measure.ts';
export type { MeasureContext } from './provider.ts';
