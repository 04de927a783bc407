import type { Logger } from 'pino';
import type { Authenticator } from '../access/authenticate.ts';
import type { Authorizer } from '../access/authorize.ts';
import type { ServiceAccountTokens } from '../access/service-account-tokens.ts';
import type { Core, ObjectTarget } from '../rest/core.ts';
import type { EventLines } from '../watch/lines.ts';
import type { WatchStream } from '../watch/stream.ts';
import type { Exchange } from './exchange.ts';

/** What the handlers of requests share. */
export interface ApiContext extends Core {
  authenticator: Authenticator;
  authorizer: Authorizer;
  serviceAccounts: ServiceAccountTokens;
  /** Bearer token with which node agents are asked for logs. */
  nodeToken: string;
  /** Open watches; ended when the server stops. */
  watches: Set<WatchStream>;
  eventLines: EventLines;
  log: Logger;
}

/** A subresource of a built-in kind that the generic machinery does not serve. */
export interface SubresourceHandler {
  group: string;
  plural: string;
  subresource: string;
  /** What it is in discovery. */
  kind: { group: string; version: string; kind: string };
  /** HTTP methods to their verbs in discovery. */
  methods: Readonly<Record<string, string>>;
  handle(context: ApiContext, exchange: Exchange, target: ObjectTarget): Promise<void>;
}
