import {
  AnalysisTemplates,
  Ingresses,
  type KubeObject,
  ReplicaSets,
  type ResourceType,
  type Rollout,
  type RolloutStatus,
  Rollouts,
  Services,
} from '../../src/api/index.ts';
import type { ModelStore } from '../../src/simulation/index.ts';
import { analysis, images, ingress, name, namespace, rollout, service, steps, webcheck } from './objects.ts';

/** One act of the user: when the state is as described, do this. */
interface Act {
  when: string;
  is(state: State): boolean;
  do(store: ModelStore): void;
}

export interface Scenario {
  title: string;
  rollout: Rollout;
  objects: readonly { type: ResourceType; object: KubeObject }[];
  script: readonly Act[];
  end: { what: string; is(state: State): boolean };
  /** Acts by which steps are left out on purpose. */
  maySkipSteps?: boolean;
}

/** What the script looks at. */
export interface State {
  rollout: Rollout;
  status: RolloutStatus;
  /** Phase, once the controller has seen the last change of the spec. */
  phase: string;
  /** Spec size of the ReplicaSet of an image; undefined when there is none. */
  sizeOf(image: string): number | undefined;
}

export function stateOf(store: ModelStore): State {
  const current = store.get(Rollouts, namespace, name) as Rollout;
  const status = current.status ?? {};
  const observed = status.observedGeneration === String(current.metadata.generation);
  return {
    rollout: current,
    status,
    phase: observed ? (status.phase ?? '') : '',
    sizeOf: (image) =>
      store
        .list(ReplicaSets, namespace)
        .find((replicaSet) => replicaSet.spec?.template?.spec?.containers[0]?.image === image)?.spec
        ?.replicas,
  };
}

const ref = { type: Rollouts, namespace, name };

export const setImage = (image: string) => (store: ModelStore) => {
  store.change(ref, { spec: { template: { spec: { containers: [{ name, image }] } } } });
};
export const setSpec = (spec: Record<string, unknown>) => (store: ModelStore) => {
  store.change(ref, { spec });
};
export const setStatus = (status: Record<string, unknown>) => (store: ModelStore) => {
  store.change(ref, { status }, 'status');
};

const healthy = ({ phase }: State) => phase === 'Healthy';
const deployed = { when: 'the first version is healthy', is: healthy };
const pausedAt = (index: number) => ({
  when: `it pauses at step ${index}`,
  is: ({ status, phase }: State) => phase === 'Paused' && status.currentStepIndex === index,
});
const aborted = {
  when: 'it is aborted and the new pods are gone',
  is: ({ status, phase, sizeOf }: State) =>
    phase === 'Degraded' && status.abort === true && sizeOf(images.blue) === 0 && sizeOf(images.red) === 5,
};
const serves = (image: string) => ({
  what: `only ${image} runs and the rollout is healthy`,
  is: ({ phase, sizeOf, rollout: { spec } }: State) =>
    phase === 'Healthy' &&
    Object.values(images).every((other) => (sizeOf(other) ?? 0) === (other === image ? spec.replicas : 0)),
});

const basic = {
  rollout: rollout({ steps, analysis }),
  objects: [
    { type: AnalysisTemplates, object: webcheck },
    { type: Services, object: service(name) },
  ],
};

const update: Act = { ...deployed, do: setImage(images.blue) };

export const scenarios: readonly Scenario[] = [
  { title: 'initial deploy', ...basic, script: [], end: serves(images.red) },
  { title: 'good update', ...basic, script: [update], end: serves(images.blue) },
  {
    title: 'bad update that aborts',
    ...basic,
    script: [{ ...deployed, do: setImage(images.black) }],
    end: {
      what: 'it is aborted and only the first version runs',
      is: ({ phase, status, sizeOf }) =>
        phase === 'Degraded' &&
        status.abort === true &&
        sizeOf(images.black) === 0 &&
        sizeOf(images.red) === 5 &&
        status.availableReplicas === 5,
    },
  },
  {
    title: 'abort and retry',
    ...basic,
    script: [
      update,
      { ...pausedAt(1), do: setStatus({ abort: true }) },
      { ...aborted, do: setStatus({ abort: false }) },
    ],
    end: serves(images.blue),
  },
  {
    title: 'rollback in the middle',
    ...basic,
    script: [update, { ...pausedAt(3), do: setImage(images.red) }],
    end: serves(images.red),
    maySkipSteps: true,
  },
  {
    title: 'promote --full',
    ...basic,
    script: [update, { ...pausedAt(1), do: setStatus({ promoteFull: true }) }],
    end: serves(images.blue),
    maySkipSteps: true,
  },
  {
    title: 'update routed by nginx',
    rollout: rollout({
      steps,
      analysis,
      stableService: 'stable',
      canaryService: 'canary',
      trafficRouting: { nginx: { stableIngress: 'web' } },
    }),
    objects: [
      { type: AnalysisTemplates, object: webcheck },
      { type: Services, object: service('stable') },
      { type: Services, object: service('canary') },
      { type: Ingresses, object: ingress('stable') },
    ],
    script: [update],
    end: serves(images.blue),
  },
];
