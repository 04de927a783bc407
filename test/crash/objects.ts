import type { Service } from 'kubernetes-types/core/v1.d.ts';
import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import {
  type AnalysisTemplate,
  API_VERSION,
  type CanaryStrategy,
  type Rollout,
} from '../../src/api/index.ts';

/** What the scenarios are made of: the Rollout of the first story, and what it refers to. */

export const namespace = 'default';
export const name = 'colorapi';

export const images = {
  red: 'particule/simplecolorapi:1.0',
  blue: 'particule/simplecolorapi:2.0',
  /** Runs, but answers badly: its measurements fail. */
  black: 'particule/simplecolorapi:3.0',
};

export const steps: CanaryStrategy['steps'] = [
  { setWeight: 20 },
  { pause: { duration: '30s' } },
  { setWeight: 50 },
  { pause: { duration: '30s' } },
];

export const analysis: CanaryStrategy['analysis'] = {
  templates: [{ templateName: 'webcheck' }],
  args: [{ name: 'host', value: 'colorapi.default.svc.cluster.local' }],
};

export function rollout(canary: CanaryStrategy, replicas = 5): Rollout {
  return {
    apiVersion: API_VERSION,
    kind: 'Rollout',
    metadata: { namespace, name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name, image: images.red }] },
      },
      strategy: { canary },
    },
  };
}

export const webcheck: AnalysisTemplate = {
  apiVersion: API_VERSION,
  kind: 'AnalysisTemplate',
  metadata: { namespace, name: 'webcheck' },
  spec: {
    args: [{ name: 'host' }],
    metrics: [
      {
        name: 'webcheck',
        interval: '10s',
        failureLimit: 1,
        successCondition: 'result == "ok"',
        provider: { web: { url: 'http://{{args.host}}/', jsonPath: '{$.status}' } },
      },
    ],
  },
};

export const service = (serviceName: string): Service => ({
  metadata: { namespace, name: serviceName },
  spec: { selector: { app: name }, ports: [{ name: 'http', port: 80 }] },
});

export const ingress = (serviceName: string): Ingress => ({
  metadata: { namespace, name: 'web' },
  spec: {
    ingressClassName: 'nginx',
    rules: [
      {
        host: 'colorapi.localhost',
        http: {
          paths: [
            {
              path: '/',
              pathType: 'Prefix',
              backend: { service: { name: serviceName, port: { name: 'http' } } },
            },
          ],
        },
      },
    ],
  },
});
