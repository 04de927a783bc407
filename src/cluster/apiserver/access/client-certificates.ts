import type { Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { unauthorized } from '../status.ts';
import { AUTHENTICATED, type User } from './users.ts';

/** What became of a connection's certificate: whose it is; refused: it is not one of ours. */
type Verdict = User | 'refused' | undefined;

const verdicts = new WeakMap<Socket, Verdict>();

/**
 * The user of the certificate that a client has shown when it connected: named by the common name, in a group for each
 * organisation. Undefined without a certificate, or without a name in it.
 * @throws StatusError 401 when the certificate is of another authority, out of date or not for clients
 */
export function certificateUser(socket: Socket): User | undefined {
  if (!verdicts.has(socket)) verdicts.set(socket, judge(socket as TLSSocket));
  const verdict = verdicts.get(socket);
  if (verdict === 'refused') throw unauthorized();
  return verdict;
}

function judge(socket: TLSSocket): Verdict {
  const certificate = socket.getPeerCertificate?.() as PeerCertificate | null | undefined;
  if (!certificate?.subject) return undefined;
  if (!socket.authorized) return 'refused';
  const subject = certificate.subject as unknown as Record<string, string | string[] | undefined>;
  const name = [subject.CN ?? []].flat().at(-1);
  return name ? { name, groups: [...[subject.O ?? []].flat(), AUTHENTICATED] } : undefined;
}
