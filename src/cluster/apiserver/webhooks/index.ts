/** Admission webhooks: who is asked about a write, in which order, and what becomes of their answers. */
export { Webhooks } from './webhooks.ts';
