/**
 * The HTTP data plane of the embedded cluster: it serves Ingresses with ingress-nginx's canary annotations and
 * publishes ingress-nginx's metrics. It never decides a weight.
 */
export { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';
