/** What the server is and serves: health, version, discovery and OpenAPI documents. */
export { Discovery } from './handler.ts';
export { discover } from './resources.ts';
