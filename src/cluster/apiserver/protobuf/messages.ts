import table from './messages.json' with { type: 'json' };

/**
 * A field of a message. The table has those of Kubernetes 1.34, by the numbers of its published `generated.proto` files:
 * a number never changes its meaning, and what is new gets a new one. A field is written as `number name kind`. The name
 * is that in JSON; `.` means that the fields of the message are those of its parent. A kind is a scalar (`string`,
 * `bytes`, `bool`, `int`), a message with a JSON form of its own (`Time`, `MicroTime`, `Quantity`, `IntOrString`, `Json`,
 * `Items`) or a message of the table; of the same group when it has no dot, else `<group>/<version>.<name>`, and
 * `v1.<name>` for the core group. `[]` before it is a list, `{}` a map with text as keys; `?` after it says that JSON
 * leaves out zero, false and empty text.
 */
export interface Field {
  name: string;
  shape: 'single' | 'list' | 'map';
  kind: string;
  omitsZero: boolean;
}

export type Message = ReadonlyMap<number, Field>;

const groups: Record<string, Record<string, string>> = table;
const parsed = new Map<string, Message>();

/** The message of this full name, e.g. `apps/v1.Deployment`; read from the table when it is first asked for. */
export function messageOf(name: string): Message {
  let message = parsed.get(name);
  if (!message) {
    const dot = name.lastIndexOf('.');
    const group = name.slice(0, dot);
    message = new Map(
      groups[group]![name.slice(dot + 1)]!.split(', ')
        .filter(Boolean)
        .map((text) => parseField(text, group)),
    );
    parsed.set(name, message);
  }
  return message;
}

const OWN_FORM = new Set([
  ...['string', 'bytes', 'bool', 'int'],
  ...['Time', 'MicroTime', 'Quantity', 'IntOrString', 'Json', 'Items'],
]);

function parseField(text: string, group: string): [number, Field] {
  const [number, name = '', type = ''] = text.split(' ');
  const [, prefix, kind = '', zero] = /^(\[\]|\{\})?(.+?)(\?)?$/.exec(type) ?? [];
  return [
    Number(number),
    {
      name,
      shape: prefix === '[]' ? 'list' : prefix === '{}' ? 'map' : 'single',
      kind: OWN_FORM.has(kind) || kind.includes('.') ? kind : `${group}.${kind}`,
      omitsZero: zero === '?',
    },
  ];
}

/** The groups and versions that have this kind; none when the table does not have it. */
export const apiVersionsOf = (kind: string): string[] =>
  Object.keys(groups).filter((group) => Object.hasOwn(groups[group]!, kind));
