import { createHash } from 'node:crypto';

export interface LoopbackRanges {
  podCidr: string;
  serviceCidr: string;
  /** Address of the API server's own Service, as on every cluster the first of the range. */
  apiServerAddress: string;
}

/**
 * The loopback ranges of a cluster's pods and Services, by its state directory: the same at every start, and most
 * likely not those of another cluster that runs on the machine at the same time.
 */
export function loopbackRanges(stateDir: string): LoopbackRanges {
  const number = createHash('sha256').update(stateDir).digest().readUInt8(0) % 96;
  return {
    podCidr: `127.${16 + number}.0.0/16`,
    serviceCidr: `127.${128 + number}.0.0/16`,
    apiServerAddress: `127.${128 + number}.0.1`,
  };
}
