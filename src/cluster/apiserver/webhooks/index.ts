/**
 * What users have set up to judge writes: admission webhooks (who is asked about a write, in which order, and what becomes
 * of their answers) and admission policies.
 */
export { AdmissionPolicies } from './policies.ts';
export { Webhooks } from './webhooks.ts';
