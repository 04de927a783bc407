import { createHash } from 'node:crypto';

/**
 * The loopback ranges of a cluster's pods and Services, by its state directory: the same at every start, and most
 * likely not those of another cluster that runs on the machine at the same time.
 */
export function loopbackRanges(stateDir: string): { podCidr: string; serviceCidr: string } {
  const number = createHash('sha256').update(stateDir).digest().readUInt8(0) % 96;
  return { podCidr: `127.${16 + number}.0.0/16`, serviceCidr: `127.${128 + number}.0.0/16` };
}
