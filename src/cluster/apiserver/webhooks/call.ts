import { request as openRequest } from 'node:https';
import { json } from 'node:stream/consumers';

/** Where a webhook is and how it is known. */
export interface Endpoint {
  url: URL;
  /** What the URL is called in messages. */
  shown: string;
  /** What its certificate must name, where that is not the host of the URL. */
  serverName?: string | undefined;
  /** The authorities that are trusted, as PEM; undefined: those of the system. */
  ca?: string | undefined;
}

const LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Posts a review to a webhook.
 * @throws Error when there is no answer in time, or none that can be read
 */
export async function post(endpoint: Endpoint, review: unknown, timeoutSeconds: number): Promise<unknown> {
  const { url, shown, serverName, ca } = endpoint;
  const body = JSON.stringify(review);
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    return await new Promise((resolve, reject) => {
      const outgoing = openRequest(url, {
        method: 'POST',
        agent: false,
        signal,
        ...(serverName && { servername: serverName }),
        ...(ca && { ca }),
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'kube-apiserver-admission',
        },
      });
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => {
        const status = incoming.statusCode ?? 0;
        if (status < 200 || status > 299) {
          incoming.resume();
          reject(new Error(`the server answered with status ${status}`));
          return;
        }
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > LIMIT_BYTES)
            incoming.destroy(new Error(`the answer is longer than ${LIMIT_BYTES} bytes`));
        });
        json(incoming).then(resolve, reject);
      });
      outgoing.end(body);
    });
  } catch (error) {
    const why = signal.aborted ? 'context deadline exceeded' : (error as Error).message;
    throw callFailure(shown, why);
  }
}

/** A call that came to nothing, in kube-apiserver's words. */
export const callFailure = (shown: string, why: string): Error =>
  new Error(`failed to call webhook: Post ${JSON.stringify(shown)}: ${why}`);
