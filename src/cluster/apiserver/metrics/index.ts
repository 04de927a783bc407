/** `metrics.k8s.io`: what nodes and pods use, for `kubectl top` and autoscalers. */
export { isMetricsKind, MetricsApi } from './handler.ts';
export { metricsKinds } from './kinds.ts';
