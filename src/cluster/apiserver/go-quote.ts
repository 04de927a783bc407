const SHORT: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** Whether Go takes a character for one that can be seen; of the spaces only that of ASCII. */
export const isPrintable = (char: string) => /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char);

/** A text in quotes as Go's `%q` writes it, which is how kube-apiserver quotes values in messages. */
export function goQuote(text: string): string {
  // Hardly any text has something to escape.
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  return `"${Array.from(text, escaped).join('')}"`;
}

function escaped(char: string): string {
  const short = SHORT[char];
  if (short) return short;
  if (isPrintable(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0');
