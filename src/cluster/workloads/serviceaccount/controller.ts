import type { Context, Controller } from '../common/context.ts';
import { startDefaultAccounts } from './accounts.ts';
import { startRootCaPublisher } from './root-ca.ts';
import { startTokenSecrets } from './token-secrets.ts';

/**
 * What pods need to talk to the API server: an account in each namespace, and what its certificate is checked with.
 * @param ca PEM of the root certificates; undefined: they are not known, and neither published nor put into secrets
 */
export function startServiceAccountController(context: Context, ca: string | undefined): Controller {
  const controllers = [
    startDefaultAccounts(context),
    ...(ca === undefined ? [] : [startRootCaPublisher(context, ca), startTokenSecrets(context, ca)]),
  ];
  return {
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
  };
}
