import { BlockList, isIP } from 'node:net';
import type { Environment } from '@marcbachmann/cel-js';

/** A URL in an expression: absolute, or a path with a slash before it. */
class Url {
  readonly absolute: boolean;
  readonly url: URL;
  readonly text: string;

  constructor(text: string) {
    this.absolute = URL.canParse(text);
    if (!this.absolute && !text.startsWith('/')) {
      throw new Error(
        `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
      );
    }
    this.url = new URL(text, 'http://none');
    this.text = text;
  }

  /** The host with its port as it was written: URL drops the port that a scheme has anyway. */
  get host(): string {
    return /^[^:/?#]+:\/\/(?:[^@/?#]*@)?([^/?#]*)/.exec(this.text)?.[1] ?? '';
  }
}

class Address {
  readonly text: string;
  readonly family: 4 | 6;

  constructor(text: string) {
    const family = isIP(text);
    // Addresses with a zone, or IPv4 within IPv6, are refused as Kubernetes does.
    if (!family || text.includes('%') || /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(text)) {
      throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
    }
    this.text = canonicalAddress(text, family);
    this.family = family as 4 | 6;
  }
}

const canonicalAddress = (text: string, family: number) =>
  family === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;

class Network {
  readonly address: Address;
  readonly prefix: number;
  readonly #block = new BlockList();

  constructor(text: string) {
    const [address = '', length = '', ...rest] = text.split('/');
    const prefix = Number(length);
    const family = isIP(address);
    if (!family || rest.length > 0 || !/^\d{1,3}$/.test(length) || prefix > (family === 4 ? 32 : 128)) {
      throw new Error(`network address parse error during conversion from string: ${JSON.stringify(text)}`);
    }
    this.address = new Address(address);
    this.prefix = prefix;
    this.#block.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }

  contains({ text, family }: Address): boolean {
    return family === this.address.family && this.#block.check(text, family === 4 ? 'ipv4' : 'ipv6');
  }

  /** Without the bits beyond the prefix. */
  masked(): Network {
    const { text, family } = this.address;
    const bits = family === 4 ? 32n : 128n;
    const free = bits - BigInt(this.prefix);
    return new Network(`${fromNumber((toNumber(text, family) >> free) << free, family)}/${this.prefix}`);
  }

  containsNetwork(other: Network): boolean {
    return other.prefix >= this.prefix && this.contains(other.address);
  }
}

function toNumber(text: string, family: 4 | 6): bigint {
  if (family === 4) return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail] = text.split('::');
  const groups = (part: string) => part.split(':').filter(Boolean);
  const [front, back] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  return [...front, ...zeros, ...back].reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n);
}

function fromNumber(value: bigint, family: 4 | 6): string {
  const [count, bits, radix] = family === 4 ? [4, 8n, 10] : [8, 16n, 16];
  const parts = Array.from({ length: count }, (_, i) =>
    ((value >> (bits * BigInt(count - 1 - i))) & ((1n << bits) - 1n)).toString(radix),
  );
  return parts.join(family === 4 ? '.' : ':');
}

const URL_TYPE = 'kubernetes.URL';
const IP_TYPE = 'net.IP';
const CIDR_TYPE = 'net.CIDR';

export function registerNetwork(environment: Environment): void {
  registerUrls(environment);
  registerAddresses(environment);
}

function registerUrls(environment: Environment): void {
  environment
    .registerType(URL_TYPE, Url)
    .registerFunction('isURL(string): bool', (text: string) => works(() => new Url(text)))
    .registerFunction(`url(string): ${URL_TYPE}`, (text: string) => new Url(text))
    .registerOperator(`${URL_TYPE} == ${URL_TYPE}`, (a: Url, b: Url) => a.text === b.text)
    .registerFunction(`${URL_TYPE}.getScheme(): string`, ({ absolute, url }: Url) =>
      absolute ? url.protocol.slice(0, -1) : '',
    )
    .registerFunction(`${URL_TYPE}.getHost(): string`, (url: Url) => url.host)
    .registerFunction(`${URL_TYPE}.getHostname(): string`, ({ host }: Url) =>
      host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1'),
    )
    .registerFunction(`${URL_TYPE}.getPort(): string`, ({ host }: Url) => /:(\d+)$/.exec(host)?.[1] ?? '')
    .registerFunction(`${URL_TYPE}.getEscapedPath(): string`, ({ text, url }: Url) =>
      /^[^:/?#]+:\/\/[^/?#]*(?:[?#]|$)/.test(text) ? '' : url.pathname,
    )
    .registerFunction(`${URL_TYPE}.getQuery(): map<string, list<string>>`, ({ url }: Url) =>
      Object.fromEntries(
        [...new Set(url.searchParams.keys())].map((key) => [key, url.searchParams.getAll(key)]),
      ),
    );
}

function registerAddresses(environment: Environment): void {
  const own = (name: string, test: (address: Address) => boolean) =>
    environment.registerFunction(`${IP_TYPE}.${name}(): bool`, test);
  const among = (...cidrs: string[]) => {
    const networks = cidrs.map((cidr) => new Network(cidr));
    return (address: Address) => networks.some((network) => network.contains(address));
  };
  environment
    .registerType(IP_TYPE, Address)
    .registerType(CIDR_TYPE, Network)
    .registerFunction('isIP(string): bool', (text: string) => works(() => new Address(text)))
    .registerFunction(`ip(string): ${IP_TYPE}`, (text: string) => new Address(text))
    .registerOperator(`${IP_TYPE} == ${IP_TYPE}`, (a: Address, b: Address) => a.text === b.text)
    .registerFunction(`${IP_TYPE}.family(): int`, ({ family }: Address) => BigInt(family))
    .registerFunction(`string(${IP_TYPE}): string`, ({ text }: Address) => text);
  own('isLoopback', among('127.0.0.0/8', '::1/128'));
  own('isUnspecified', among('0.0.0.0/32', '::/128'));
  own('isLinkLocalMulticast', among('224.0.0.0/24', 'ff02::/16'));
  own('isLinkLocalUnicast', among('169.254.0.0/16', 'fe80::/10'));
  const special = among(
    '0.0.0.0/32',
    '255.255.255.255/32',
    '127.0.0.0/8',
    '224.0.0.0/4',
    '169.254.0.0/16',
    '::/127',
    'ff00::/8',
    'fe80::/10',
  );
  own('isGlobalUnicast', (address) => !special(address));
  environment
    .registerFunction('isCIDR(string): bool', (text: string) => works(() => new Network(text)))
    .registerFunction(`cidr(string): ${CIDR_TYPE}`, (text: string) => new Network(text))
    .registerOperator(
      `${CIDR_TYPE} == ${CIDR_TYPE}`,
      (a: Network, b: Network) => a.prefix === b.prefix && a.address.text === b.address.text,
    )
    .registerFunction(`${CIDR_TYPE}.ip(): ${IP_TYPE}`, ({ address }: Network) => address)
    .registerFunction(`${CIDR_TYPE}.masked(): ${CIDR_TYPE}`, (network: Network) => network.masked())
    .registerFunction(`${CIDR_TYPE}.prefixLength(): int`, ({ prefix }: Network) => BigInt(prefix))
    .registerFunction(`${CIDR_TYPE}.containsIP(string): bool`, (network: Network, text: string) =>
      network.contains(new Address(text)),
    )
    .registerFunction(`${CIDR_TYPE}.containsIP(${IP_TYPE}): bool`, (network: Network, address: Address) =>
      network.contains(address),
    )
    .registerFunction(`${CIDR_TYPE}.containsCIDR(string): bool`, (network: Network, text: string) =>
      network.containsNetwork(new Network(text)),
    )
    .registerFunction(`${CIDR_TYPE}.containsCIDR(${CIDR_TYPE}): bool`, (network: Network, other: Network) =>
      network.containsNetwork(other),
    )
    .registerFunction(
      `string(${CIDR_TYPE}): string`,
      ({ address, prefix }: Network) => `${address.text}/${prefix}`,
    );
}

function works(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}
