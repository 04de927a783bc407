import type { LabelSelector, LabelSelectorRequirement } from 'kubernetes-types/meta/v1.d.ts';

/** A selector's text is not understood; the message says what of it. */
export class SelectorError extends Error {
  override name = 'SelectorError';
}

/**
 * The selector of a Scale, e.g. `app=x,tier in (a,b),!old`.
 * @throws SelectorError
 */
export function parseSelector(text: string): LabelSelector {
  // A comma in parentheses belongs to its set.
  const terms = text.split(/,(?![^(]*\))/).map((term) => term.trim());
  return { matchExpressions: terms.map(parseTerm) };
}

const KEY = '([A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?)';
const EXISTS = new RegExp(`^${KEY}$`);
const DOES_NOT_EXIST = new RegExp(`^!\\s*${KEY}$`);
const EQUALS = new RegExp(`^${KEY}\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`);
const IN_SET = new RegExp(`^${KEY}\\s+(in|notin)\\s*\\(([^()]*)\\)$`);

function parseTerm(term: string): LabelSelectorRequirement {
  const exists = EXISTS.exec(term);
  if (exists) return { key: exists[1]!, operator: 'Exists' };
  const absent = DOES_NOT_EXIST.exec(term);
  if (absent) return { key: absent[1]!, operator: 'DoesNotExist' };
  const equals = EQUALS.exec(term);
  if (equals) {
    return { key: equals[1]!, operator: equals[2] === '!=' ? 'NotIn' : 'In', values: [equals[3]!] };
  }
  const set = IN_SET.exec(term);
  if (set) {
    const values = set[3]!.split(',').map((value) => value.trim());
    return { key: set[1]!, operator: set[2] === 'in' ? 'In' : 'NotIn', values };
  }
  throw new SelectorError(`unable to parse requirement: ${JSON.stringify(term)}`);
}
