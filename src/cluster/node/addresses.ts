import { isIPv4 } from 'node:net';

/** Hands out loopback addresses of a range to pods: the next one that is free, so that a freed one is used again late. */
export class AddressPool {
  readonly #first: number;
  readonly #size: number;
  readonly #used = new Set<number>();
  readonly #cidr: string;
  #next = 1;

  /** @throws RangeError when the range is none of loopback addresses, as `127.64.0.0/16` */
  constructor(cidr: string) {
    const [base = '', bits = ''] = cidr.split('/');
    const prefix = Number(bits);
    if (!isIPv4(base) || !base.startsWith('127.') || !/^\d+$/.test(bits) || prefix < 8 || prefix > 30) {
      throw new RangeError(
        `pod range ${JSON.stringify(cidr)} must be a range within 127.0.0.0/8 with a prefix of 8 to 30, such as 127.64.0.0/16`,
      );
    }
    this.#cidr = cidr;
    this.#size = 2 ** (32 - prefix);
    this.#first = Math.floor(toNumber(base) / this.#size) * this.#size;
  }

  /** @throws RangeError when all are in use */
  take(): string {
    for (let tried = 0; tried < this.#size; tried++) {
      const offset = this.#next;
      this.#next = (this.#next + 1) % this.#size;
      const lastByte = (this.#first + offset) % 256;
      if (lastByte === 0 || lastByte === 255 || this.#used.has(offset)) continue;
      this.#used.add(offset);
      return toText(this.#first + offset);
    }
    throw new RangeError(`no address is free in ${this.#cidr}`);
  }

  /** Marks an address of an earlier agent's pod as used; false when it is outside the range or taken. */
  reserve(address: string): boolean {
    const offset = toNumber(address) - this.#first;
    if (offset < 0 || offset >= this.#size || this.#used.has(offset)) return false;
    this.#used.add(offset);
    this.#next = Math.max(this.#next, (offset + 1) % this.#size);
    return true;
  }

  release(address: string): void {
    this.#used.delete(toNumber(address) - this.#first);
  }
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
