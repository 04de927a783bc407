import { BlockList, isIP } from 'node:net';

/** Addresses that give away credentials of the machine: no metric is ever read from them. */
const forbidden = new BlockList();
forbidden.addSubnet('169.254.0.0', 16, 'ipv4');
forbidden.addSubnet('fe80::', 10, 'ipv6');
forbidden.addAddress('fd00:ec2::254', 'ipv6');

/** A request to an address that is refused on principle. */
class ForbiddenAddressError extends Error {
  override name = 'ForbiddenAddressError';

  constructor(host: string, address: string) {
    const what = host === address ? address : `${host} (${address})`;
    super(`requests to ${what} are refused: it is a link-local or cloud metadata address`);
  }
}

/** A host without the brackets and the zone of an IPv6 address in a URL. */
export function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
}

/** @throws ForbiddenAddressError when an IP address is one of those; names are judged once they are resolved */
export function checkAddress(host: string, address = host): void {
  const bare = bareHost(address);
  const version = isIP(bare);
  if (version === 4 && forbidden.check(bare, 'ipv4')) throw new ForbiddenAddressError(host, address);
  // An IPv4 address in IPv6 clothes is checked against the IPv4 list, too.
  if (version === 6 && forbidden.check(bare, 'ipv6')) throw new ForbiddenAddressError(host, address);
}
