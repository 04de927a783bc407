/** All objects of the server in memory over the durable log; it knows keys and revisions, not kinds. */
export { type Change, type Entry, Resource } from './resource.ts';
export { type Compaction, Store } from './store.ts';
