import { randomUUID } from 'node:crypto';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from 'kubernetes-types/admissionregistration/v1.d.ts';
import type { Namespace } from 'kubernetes-types/core/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import { applyJsonPatch } from '../patch/index.ts';
import { internalError, StatusError } from '../status.ts';
import type { Resource, Store } from '../store/index.ts';
import { callFailure, type Endpoint, post } from './call.ts';
import { holdConditions, isAsked, type Webhook } from './match.ts';
import { type AdmissionRequest, describeRequest } from './request.ts';
import { readReview, reviewOf, reviewVersion, type Verdict } from './review.ts';

interface WebhooksOptions {
  store: Store;
  /** Where a port of a Service answers, e.g. `https://127.64.0.3:8443`. @throws Error when nothing does */
  originOf(namespace: string, service: string, port: number): string;
}

const GROUP = 'admissionregistration.k8s.io';

/** Asks the admission webhooks that are configured. */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #mutating: Resource;
  readonly #validating: Resource;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    this.#mutating = options.store.resource(`${GROUP}/mutatingwebhookconfigurations`);
    this.#validating = options.store.resource(`${GROUP}/validatingwebhookconfigurations`);
  }

  /** Whether there are any at all. */
  get any(): boolean {
    return this.#mutating.size + this.#validating.size > 0;
  }

  /**
   * The object as mutating webhooks want it; asked one after the other, each of what the others have made of it.
   * @param complete fills in the defaults of what a webhook has changed
   * @throws StatusError when one denies the request, or has failed and must not
   */
  async mutate(
    request: AdmissionRequest,
    complete: (object: KubeObject) => KubeObject,
    warn: (text: string) => void,
  ): Promise<KubeObject | undefined> {
    let { object } = request;
    /** What the object was when a webhook that wants to know of later changes had been asked. */
    const seen = new Map<MutatingWebhook, KubeObject | undefined>();
    const ask = async (webhook: MutatingWebhook) => {
      const verdict = await this.#ask(webhook, { ...request, object }, warn);
      if (verdict?.patch !== undefined && object) object = complete(patched(webhook, object, verdict.patch));
      if (verdict && webhook.reinvocationPolicy === 'IfNeeded') seen.set(webhook, object);
    };
    for (const webhook of webhooksOf<MutatingWebhook>(this.#mutating)) await ask(webhook);
    for (const [webhook, then] of [...seen]) if (!equal(then, object)) await ask(webhook);
    return object;
  }

  /** Asks validating webhooks, all at once. @throws StatusError as `mutate` */
  async validate(request: AdmissionRequest, warn: (text: string) => void): Promise<void> {
    const asked = webhooksOf<ValidatingWebhook>(this.#validating).map((webhook) =>
      this.#ask(webhook, request, warn),
    );
    const outcomes = await Promise.allSettled(asked);
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    if (refused) throw refused.reason;
  }

  /** Undefined when the webhook is not asked, or has failed and may. @throws StatusError */
  async #ask(
    webhook: Webhook,
    request: AdmissionRequest,
    warn: (text: string) => void,
  ): Promise<Verdict | undefined> {
    if (!isAsked(webhook, request, this.#labelsOf(request.target.namespace))) return undefined;
    try {
      const uid = randomUUID();
      const described = describeRequest(request, uid);
      if (!holdConditions(webhook, described)) return undefined;
      const version = reviewVersion(webhook.admissionReviewVersions);
      const endpoint = this.#endpointOf(webhook);
      const answer = await post(endpoint, reviewOf(version, described), webhook.timeoutSeconds ?? 10);
      const verdict = readReview(answer, webhook.name, version, uid);
      for (const text of verdict.warnings) warn(text);
      return verdict;
    } catch (error) {
      if (error instanceof StatusError) throw error;
      if (webhook.failurePolicy === 'Ignore') return undefined;
      throw internalError(
        `failed calling webhook ${JSON.stringify(webhook.name)}: ${(error as Error).message}`,
      );
    }
  }

  #labelsOf(namespace: string | undefined): Record<string, string> | undefined {
    if (namespace === undefined) return undefined;
    const { store } = this.#options;
    const entry = store.latest(store.resource('/namespaces'), namespace);
    return (entry?.object as Namespace | undefined)?.metadata?.labels;
  }

  /** @throws Error when a Service has nobody behind it */
  #endpointOf({ clientConfig, timeoutSeconds = 10 }: Webhook): Endpoint {
    const { url = '', service, caBundle } = clientConfig;
    const ca = caBundle ? Buffer.from(caBundle, 'base64').toString('utf8') : undefined;
    const withTimeout = (text: string) => {
      const target = new URL(text);
      target.searchParams.set('timeout', `${timeoutSeconds}s`);
      return target;
    };
    if (!service) return { url: withTimeout(url), shown: withTimeout(url).href, ca };
    const { namespace, name, port = 443, path = '/' } = service;
    const serverName = `${name}.${namespace}.svc`;
    const shown = `https://${serverName}:${port}${path}?timeout=${timeoutSeconds}s`;
    try {
      const origin = this.#options.originOf(namespace, name, port);
      return { url: withTimeout(`${origin}${path}`), shown, serverName, ca };
    } catch (error) {
      throw callFailure(shown, (error as Error).message);
    }
  }
}

/** The webhooks of all configurations, by the configurations' names and then as they stand there. */
function webhooksOf<T extends Webhook>(resource: Resource): T[] {
  return resource
    .list()
    .map(({ object }) => object as MutatingWebhookConfiguration | ValidatingWebhookConfiguration)
    .sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1))
    .flatMap(({ webhooks = [] }) => webhooks as T[]);
}

function patched({ name }: MutatingWebhook, object: KubeObject, patch: unknown): KubeObject {
  try {
    return applyJsonPatch(object, patch) as KubeObject;
  } catch (error) {
    throw internalError(`failed calling webhook ${JSON.stringify(name)}: ${(error as Error).message}`);
  }
}
