/** What the server is and serves: health, version, discovery and OpenAPI documents. */
export { Discovery } from './handler.ts';
export { GROUP_PRIORITIES, OTHER_GROUPS_PRIORITY } from './priorities.ts';
export { discover } from './resources.ts';
