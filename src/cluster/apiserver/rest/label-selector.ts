import { labelValue, qualifiedName } from '../schema/names.ts';
import { badRequest } from '../status.ts';

type Labels = Readonly<Record<string, string>>;

/** One condition of a selector. */
type Requirement = (labels: Labels) => boolean;

/**
 * A label selector in its string form, e.g. `app=x,tier in (a,b),!old`; undefined when it selects everything. What
 * cannot be read is refused with kube-apiserver's words.
 * @throws StatusError 400
 */
export function parseLabelSelector(text: string): ((labels: Labels) => boolean) | undefined {
  const requirements = new SelectorParser(text).parse();
  if (requirements.length === 0) return undefined;
  return (labels) => requirements.every((requirement) => requirement(labels));
}

const END = '';
const SYMBOLS = new Set(['=', '==', '!=', '<', '>', '(', ')', ',', '!']);
const OPERATORS = ['in', 'notin', '=', '==', '!=', 'gt', 'lt'];

/** The words and symbols of a selector, with an empty one for its end. A symbol is as long as it can be. */
function tokensOf(text: string): string[] {
  const tokens = text.match(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g) ?? [];
  return [...tokens, END];
}

const isWord = (token: string) => token !== END && !SYMBOLS.has(token);

class SelectorParser {
  readonly #tokens: string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    while (this.#next !== END) {
      if (!isWord(this.#next) && this.#next !== '!') {
        throw badRequest(`found '${this.#next}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirement());
      const token = this.#take();
      if (token === END) break;
      if (token !== ',') throw badRequest(`found '${token}', expected: ',' or 'end of string'`);
      if (!isWord(this.#next) && this.#next !== '!') {
        throw badRequest(`found '${this.#next}', expected: identifier after ','`);
      }
    }
    return requirements;
  }

  get #next(): string {
    return this.#tokens[this.#at] ?? END;
  }

  #take(): string {
    const token = this.#next;
    this.#at += 1;
    return token;
  }

  #requirement(): Requirement {
    const negated = this.#next === '!';
    if (negated) this.#take();
    const key = this.#take();
    if (!isWord(key)) throw unparsable(`found '${key}', expected: identifier`);
    const problems = qualifiedName(key);
    if (problems.length > 0) throw unparsable(invalidText('<nil>', key, problems));
    if (negated) return (labels) => !Object.hasOwn(labels, key);
    if (this.#next === END || this.#next === ',') return (labels) => Object.hasOwn(labels, key);
    const operator = this.#take();
    switch (operator) {
      case 'in':
      case 'notin':
        return inSet(key, operator === 'in', checked(key, this.#values()));
      case '=':
      case '==':
      case '!=': {
        const [value] = checked(key, [this.#value()]);
        return (labels) => (labels[key] === value) === (operator !== '!=');
      }
      case '<':
      case '>':
        return compare(key, operator, this.#value());
      default:
        throw unparsable(`found '${operator}', expected: ${OPERATORS.join(', ')}`);
    }
  }

  /** What a key is compared with; nothing at all is the empty text. */
  #value(): string {
    if (this.#next === END || this.#next === ',') return '';
    const value = this.#take();
    if (!isWord(value)) throw unparsable(`found '${value}', expected: identifier`);
    return value;
  }

  /** Values in parentheses; between commas there may be none, which is the empty text. */
  #values(): string[] {
    const open = this.#take();
    if (open !== '(') throw unparsable(`found '${open}' expected: '('`);
    if (this.#next === ')') {
      this.#take();
      return [''];
    }
    if (!isWord(this.#next) && this.#next !== ',') {
      throw unparsable(`found '${this.#next}', expected: ',', ')' or identifier`);
    }
    const values: string[] = [];
    for (;;) {
      const token = this.#take();
      if (isWord(token)) {
        values.push(token);
        if (this.#next !== ',' && this.#next !== ')') {
          throw unparsable(`found '${this.#next}', expected: ',' or ')'`);
        }
      } else if (token === ',') {
        if (values.length === 0 || this.#next === ',' || this.#next === ')') values.push('');
      } else {
        throw unparsable(`found '${token}', expected: ',', or identifier`);
      }
      if (this.#next === ')') {
        this.#take();
        return values;
      }
    }
  }
}

function inSet(key: string, wanted: boolean, values: readonly string[]): Requirement {
  const set = new Set(values);
  return wanted
    ? (labels) => Object.hasOwn(labels, key) && set.has(labels[key]!)
    : (labels) => !(Object.hasOwn(labels, key) && set.has(labels[key]!));
}

const WHOLE = /^-?\d+$/;

function compare(key: string, operator: '<' | '>', value: string): Requirement {
  if (!WHOLE.test(value)) {
    const problem = "for 'Gt', 'Lt' operators, the value must be an integer";
    throw unparsable(invalidText('values[0]', value, [problem]));
  }
  return (labels) => {
    const own = labels[key] ?? '';
    if (!WHOLE.test(own)) return false;
    return operator === '<' ? BigInt(own) < BigInt(value) : BigInt(own) > BigInt(value);
  };
}

/** The values, which must be such as labels can have; told apart in the order of the alphabet, each once. */
function checked(key: string, values: readonly string[]): string[] {
  const sorted = [...new Set(values)].sort();
  const problems = sorted.flatMap((value, i) => {
    const own = labelValue(value);
    return own.length > 0 ? [invalidText(`values[${i}][${key}]`, value, own)] : [];
  });
  if (problems.length > 0) {
    throw unparsable(problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`);
  }
  return sorted;
}

const invalidText = (field: string, value: string, problems: readonly string[]) =>
  `${field}: Invalid value: ${JSON.stringify(value)}: ${problems.join('; ')}`;

const unparsable = (problem: string) => badRequest(`unable to parse requirement: ${problem}`);
