import { randomInt } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A range of IPv4 addresses, e.g. `127.96.0.0/16`. */
export interface AddressRange {
  readonly base: number;
  readonly bits: number;
}

/** @throws Error naming the option when the text is no range with room for services */
export function parseAddressRange(text: string): AddressRange {
  const [address = '', length = ''] = text.split('/');
  const bits = 32 - Number(length);
  if (!isIPv4(address) || !/^\d+$/.test(length) || bits < 4 || bits > 24) {
    throw new Error(
      `serviceCidr: ${JSON.stringify(text)} is no IPv4 range of /8 to /28, such as 127.96.0.0/16`,
    );
  }
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { base: value - (value % 2 ** bits), bits };
}

export function contains({ base, bits }: AddressRange, address: string): boolean {
  if (!isIPv4(address)) return false;
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return value > base && value < base + 2 ** bits - 1;
}

/** The address that a cluster gives its own API server. */
export const firstAddress = ({ base }: AddressRange): string => formatAddress(base + 1);

/** An address of the range that is not taken; undefined when there is none left. */
export function pickAddress(
  { base, bits }: AddressRange,
  taken: (address: string) => boolean,
): string | undefined {
  // The first address stands for the network, the last is its broadcast address.
  return pickFree(1, 2 ** bits - 1, (offset) => formatAddress(base + offset), taken);
}

/** The range that Kubernetes takes node ports from. */
export const NODE_PORTS = { first: 30_000, last: 32_767 };

export function pickNodePort(taken: (port: number) => boolean): number | undefined {
  return pickFree(NODE_PORTS.first, NODE_PORTS.last + 1, (port) => port, taken);
}

/** From a random place on, so that what was just given back is not given out at once. */
function pickFree<T>(from: number, to: number, make: (n: number) => T, taken: (value: T) => boolean) {
  const start = randomInt(from, to);
  for (let i = 0; i < to - from; i += 1) {
    const candidate = make(from + ((start - from + i) % (to - from)));
    if (!taken(candidate)) return candidate;
  }
  return undefined;
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value / 2 ** shift) & 255).join('.');
}
