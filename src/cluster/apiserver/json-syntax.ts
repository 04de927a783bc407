import { goQuote } from './go-quote.ts';

/** Reads one byte, and says who reads the next; a text is what is wrong with the byte. */
type Step = (byte: number) => Step | string;

const END_OF_INPUT = 'unexpected end of JSON input';
const SPACE = 0x20;

/** What stands between brackets that are still open, and what comes next in it. */
type Open = 'key' | 'value' | 'element';

/**
 * What is wrong with a text that should be JSON, in the words of Go's decoder, which tells the first byte that cannot
 * be; undefined when nothing is.
 * @example invalid character '}' looking for beginning of value
 */
export function jsonSyntaxProblem(bytes: Buffer): string | undefined {
  const reader = new SyntaxReader();
  for (const byte of bytes) {
    const problem = reader.read(byte);
    if (problem !== undefined) return problem;
  }
  return reader.end();
}

class SyntaxReader {
  readonly #open: Open[] = [];
  #complete = false;
  #step: Step = (byte) => this.#value(byte);

  read(byte: number): string | undefined {
    const next = this.#step(byte);
    if (typeof next !== 'string') {
      this.#step = next;
      return undefined;
    }
    return `invalid character ${quoteByte(byte)} ${next}`;
  }

  /** A space ends numbers and shows words that are not whole; nothing else may be left open. */
  end(): string | undefined {
    return this.#complete ? undefined : (this.read(SPACE) ?? (this.#complete ? undefined : END_OF_INPUT));
  }

  readonly #value: Step = (byte) => {
    if (isSpace(byte)) return this.#value;
    switch (String.fromCharCode(byte)) {
      case '{':
        this.#open.push('key');
        return this.#firstKey;
      case '[':
        this.#open.push('element');
        return this.#firstElement;
      case '"':
        return this.#string;
      case '-':
        return (next) => this.#digits(next, 'in numeric literal');
      case 't':
        return this.#word('true', 1);
      case 'f':
        return this.#word('false', 1);
      case 'n':
        return this.#word('null', 1);
      default:
        return isDigit(byte) ? this.#digits(byte, '') : 'looking for beginning of value';
    }
  };

  readonly #firstElement: Step = (byte) => {
    if (isSpace(byte)) return this.#firstElement;
    return byte === code(']') ? this.#close() : this.#value(byte);
  };

  readonly #firstKey: Step = (byte) => {
    if (isSpace(byte)) return this.#firstKey;
    return byte === code('}') ? this.#close() : this.#key(byte);
  };

  readonly #key: Step = (byte) => {
    if (isSpace(byte)) return this.#key;
    return byte === code('"') ? this.#string : 'looking for beginning of object key string';
  };

  readonly #string: Step = (byte) => {
    if (byte === code('"')) return this.#after;
    if (byte === code('\\')) return this.#escape;
    return byte < SPACE ? 'in string literal' : this.#string;
  };

  readonly #escape: Step = (byte) => {
    if (byte === code('u')) return this.#hex(4);
    return 'bfnrt\\/"'.includes(String.fromCharCode(byte)) ? this.#string : 'in string escape code';
  };

  #hex(left: number): Step {
    if (left === 0) return this.#string;
    return (byte) =>
      /[0-9a-fA-F]/.test(String.fromCharCode(byte))
        ? this.#hex(left - 1)
        : 'in \\u hexadecimal character escape';
  }

  #word(word: string, at: number): Step {
    if (at === word.length) return this.#after;
    return (byte) =>
      byte === word.charCodeAt(at)
        ? this.#word(word, at + 1)
        : `in literal ${word} (expecting '${word[at]}')`;
  }

  /** The whole part of a number; nothing follows a leading zero. */
  #digits(byte: number, problem: string): Step | string {
    if (!isDigit(byte)) return problem;
    return byte === code('0') ? this.#afterWhole : this.#whole;
  }

  readonly #whole: Step = (byte) => (isDigit(byte) ? this.#whole : this.#afterWhole(byte));

  readonly #afterWhole: Step = (byte) => {
    if (byte === code('.')) {
      return (next) => (isDigit(next) ? this.#fraction : 'after decimal point in numeric literal');
    }
    return this.#afterFraction(byte);
  };

  readonly #fraction: Step = (byte) => (isDigit(byte) ? this.#fraction : this.#afterFraction(byte));

  readonly #afterFraction: Step = (byte) => {
    if (byte !== code('e') && byte !== code('E')) return this.#after(byte);
    return (sign) =>
      sign === code('+') || sign === code('-') ? this.#firstExponent : this.#firstExponent(sign);
  };

  readonly #firstExponent: Step = (byte) =>
    isDigit(byte) ? this.#exponent : 'in exponent of numeric literal';

  readonly #exponent: Step = (byte) => (isDigit(byte) ? this.#exponent : this.#after(byte));

  #close(): Step {
    this.#open.pop();
    return this.#after;
  }

  readonly #after: Step = (byte) => {
    const at = this.#open.length - 1;
    if (at < 0) this.#complete = true;
    if (isSpace(byte)) return this.#after;
    switch (this.#open[at]) {
      case 'key':
        if (byte !== code(':')) return 'after object key';
        this.#open[at] = 'value';
        return this.#value;
      case 'value':
        if (byte === code('}')) return this.#close();
        if (byte !== code(',')) return 'after object key:value pair';
        this.#open[at] = 'key';
        return this.#key;
      case 'element':
        if (byte === code(']')) return this.#close();
        return byte === code(',') ? this.#value : 'after array element';
      default:
        return 'after top-level value';
    }
  };
}

const code = (char: string) => char.charCodeAt(0);
const isSpace = (byte: number) => byte === SPACE || byte === 0x09 || byte === 0x0a || byte === 0x0d;
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;

function quoteByte(byte: number): string {
  if (byte === code("'")) return "'\\''";
  if (byte === code('"')) return `'"'`;
  return `'${goQuote(String.fromCharCode(byte)).slice(1, -1)}'`;
}
