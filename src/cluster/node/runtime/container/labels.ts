import type { ContainerKey } from '../runtime.ts';

const PREFIX = 'kanari.dev/';

/** What a container of the engine is, written on it so that the next agent knows. */
export interface Identity {
  key: ContainerKey;
  image: string;
  /** State folder of the agent that it belongs to. */
  state: string;
  tty: boolean;
}

/** Label by which an agent finds its own containers. */
export const stateLabel = (state: string) => `${PREFIX}state=${state}`;

/** Stands for the container's name on the one that holds a pod's network, as Docker's kubelet had it. */
const SANDBOX = 'POD';

/** The key of the container that holds a pod's network. */
export const sandboxKey = (key: ContainerKey): ContainerKey => ({ ...key, container: SANDBOX, attempt: 0 });

export const isSandbox = (labels: Readonly<Record<string, string>>) =>
  labels[`${PREFIX}container`] === SANDBOX;

/** Labels by which the agent finds the container that holds the network of a pod. */
export const sandboxLabels = (state: string, podUid: string) => [
  stateLabel(state),
  `${PREFIX}pod-uid=${podUid}`,
  `${PREFIX}container=${SANDBOX}`,
];

export function labelsOf({ key, image, state, tty }: Identity): Record<string, string> {
  return {
    [`${PREFIX}state`]: state,
    [`${PREFIX}pod-uid`]: key.podUid,
    [`${PREFIX}namespace`]: key.namespace,
    [`${PREFIX}pod`]: key.pod,
    [`${PREFIX}container`]: key.container,
    [`${PREFIX}attempt`]: String(key.attempt),
    [`${PREFIX}image`]: image,
    [`${PREFIX}tty`]: String(tty),
  };
}

export function identityOf(labels: Readonly<Record<string, string>>): Identity {
  const of = (name: string) => labels[PREFIX + name] ?? '';
  return {
    key: {
      podUid: of('pod-uid'),
      namespace: of('namespace'),
      pod: of('pod'),
      container: of('container'),
      attempt: Number(of('attempt')),
    },
    image: of('image'),
    state: of('state'),
    tty: of('tty') === 'true',
  };
}
