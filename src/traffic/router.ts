import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import type { Effect, EventRecord, Rollout, TrafficRouting } from '../api/index.ts';

/** Where the traffic should go. The weights are shares of `maxWeight` and add up to it. */
export interface TrafficSplit {
  maxWeight: number;
  canary: TrafficDestination;
  stable: TrafficDestination;
}

interface TrafficDestination {
  weight: number;
  serviceName: string;
  /** Pod-template hash of the pods. */
  hash: string;
}

/** What a router decides on. */
export interface TrafficRequest {
  rollout: Rollout;
  routing: TrafficRouting;
  split: TrafficSplit;
  /** By name: those that the spec names, and those that the Rollout controls. */
  ingresses: ReadonlyMap<string, Ingress>;
}

/** What it takes to make the live objects carry the split; empty when they do. */
export interface RoutingPlan {
  effects: Effect[];
  events: EventRecord[];
  /** Why the split cannot be carried; the effects then bring about as much of it as can be. */
  errors: string[];
  /** Whether the data plane has it; undefined when the router cannot tell. */
  verified?: boolean;
}

/**
 * Turns a split into the objects of one kind of router. Pure, and idempotent: given what its effects make, it plans
 * nothing.
 */
export interface Router {
  /** As events and messages name it. */
  readonly type: string;
  plan(request: TrafficRequest): RoutingPlan;
}

export const emptyPlan = (): RoutingPlan => ({ effects: [], events: [], errors: [] });
