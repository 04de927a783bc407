import type { TokenRequest } from 'kubernetes-types/authentication/v1.d.ts';
import type { Pod, ServiceAccountTokenProjection } from 'kubernetes-types/core/v1.d.ts';
import {
  type Clock,
  type Instant,
  parseTime,
  type ResourceType,
  ServiceAccounts,
} from '../../../api/index.ts';
import type { KubeClient } from '../../../kube/index.ts';

/** A token of a pod's service account, and when the next one is due. */
export interface IssuedToken {
  token: string;
  refreshAt: Instant;
}

/** As kubelet's: the length of a token's life when the volume does not say, and its longest use. */
const DEFAULT_SECONDS = 3600;
const LONGEST_USE_MS = 24 * 3600 * 1000;
/** The share of its life after which a token is replaced. */
const USED_SHARE = 0.8;

/** Accounts, as those see them who ask for their tokens. */
const { group, version, kind, plural, namespaced } = ServiceAccounts;
const TOKENS: ResourceType<TokenRequest> = { group, version, kind, plural, namespaced };

/** The tokens that are mounted into one pod. They are bound to it: they end with it at the latest. */
export class PodTokens {
  readonly #client: Pick<KubeClient, 'create'>;
  readonly #clock: Clock;
  readonly #issued = new Map<string, IssuedToken>();

  constructor({ client, clock }: { client: Pick<KubeClient, 'create'>; clock: Clock }) {
    this.#client = client;
    this.#clock = clock;
  }

  /** The token that a projected volume asks for; a new one once four fifths of its life are over. */
  async get(
    pod: Pod,
    { audience = '', expirationSeconds }: ServiceAccountTokenProjection,
  ): Promise<IssuedToken> {
    const seconds = expirationSeconds ?? DEFAULT_SECONDS;
    const key = JSON.stringify([audience, seconds]);
    const known = this.#issued.get(key);
    if (known && this.#clock() < known.refreshAt) return known;
    const issued = await this.#request(pod, audience, seconds);
    this.#issued.set(key, issued);
    return issued;
  }

  async #request(pod: Pod, audience: string, expirationSeconds: number): Promise<IssuedToken> {
    const { name, namespace, uid } = pod.metadata!;
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: pod.spec?.serviceAccountName || 'default', namespace },
      spec: {
        audiences: audience ? [audience] : [],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    };
    const issuedAt = this.#clock();
    const { status } = await this.#client.create(TOKENS, request, { subresource: 'token' });
    const lifeMs = (parseTime(status?.expirationTimestamp) ?? issuedAt) - issuedAt;
    return {
      token: status?.token ?? '',
      refreshAt: issuedAt + Math.min(lifeMs * USED_SHARE, LONGEST_USE_MS),
    };
  }
}
