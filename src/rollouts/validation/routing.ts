import type { CanaryStrategy, TrafficRouting } from '../../api/index.ts';
import { type FieldError, invalid } from './field-error.ts';

const path = 'spec.strategy';

/** What is wrong with a traffic routing, by itself and with the Services that it needs (TRF §2). */
export function* routingErrors(canary: CanaryStrategy): Generator<FieldError> {
  const { trafficRouting: routing, pingPong } = canary;
  if (pingPong) yield* pingPongErrors(pingPong, routing);
  if (!routing) return;
  if (needsServices(canary, routing)) {
    for (const field of ['stableService', 'canaryService'] as const) {
      if (canary[field]) continue;
      yield invalid(
        `${path}.${field}`,
        canary[field] ?? '',
        'Canary service and Stable service must to be set to use Traffic Routing',
      );
    }
  }
  const max = routing.maxTrafficWeight;
  if (max === undefined) return;
  const maxPath = `${path}.trafficRouting.maxTrafficWeight`;
  if (!routing.nginx && !routing.plugins) {
    yield invalid(
      maxPath,
      max,
      'Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins',
    );
  } else if (max <= 0) yield invalid(maxPath, max, 'must be greater than 0');
}

function* pingPongErrors(
  { pingService, pongService }: NonNullable<CanaryStrategy['pingPong']>,
  routing: TrafficRouting | undefined,
): Generator<FieldError> {
  if (routing && !routing.alb && !routing.istio && !routing.plugins) {
    yield invalid(
      `${path}.trafficRouting.alb`,
      null,
      'Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only',
    );
  }
  const missing = 'Ping service and Pong service must to be set to use Ping-Pong feature';
  if (!pingService) yield invalid(`${path}.pingPong.pingService`, pingService, missing);
  if (!pongService) yield invalid(`${path}.pingPong.pongService`, pongService, missing);
  if (pingService && pingService === pongService) {
    yield invalid(
      `${path}.pingPong.pingService`,
      pingService,
      'This rollout uses the same service for the ping and pong services, but two different services are required.',
    );
  }
  if (routing?.alb && !routing.alb.rootService) {
    yield invalid(
      `${path}.trafficRouting.alb.rootService`,
      routing.alb.rootService ?? '',
      'Root service field is required for the configuration with ALB and ping-pong feature enabled',
    );
  }
}

/** Whether a router finds the pods through the canary's and the stable version's Services (TRF-004). */
function needsServices({ pingPong }: CanaryStrategy, routing: TrafficRouting): boolean {
  const { nginx, smi, apisix, ambassador, appMesh, traefik, alb, istio } = routing;
  if (nginx || smi || apisix || ambassador || appMesh || traefik) return true;
  return Boolean((alb && !pingPong) || (istio && !istio.destinationRule && !pingPong));
}
