import { isMap, isScalar, LineCounter, parseDocument, visit as visitYaml } from 'yaml';

/** The text that an object was decoded from, for what the object no longer shows. */
export interface Source {
  format: 'json' | 'yaml';
  text: string;
}

/**
 * Fields that are there more than once, in Kubernetes' words; of which the last counts.
 * @example duplicate field "metadata.name"
 */
export function duplicateFields({ format, text }: Source): string[] {
  return format === 'json' ? duplicatesInJson(text) : duplicatesInYaml(text);
}

function duplicatesInJson(text: string): string[] {
  const found: string[] = [];
  walk(text, (path, repeated) => {
    if (repeated) found.push(`duplicate field ${JSON.stringify(path())}`);
  });
  return found;
}

function duplicatesInYaml(text: string): string[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { uniqueKeys: false, lineCounter: lines });
  const found: string[] = [];
  visitYaml(document, (_, node) => {
    if (!isMap(node)) return;
    const keys = new Set<unknown>();
    for (const { key } of node.items) {
      if (!isScalar(key)) continue;
      if (keys.has(key.value)) {
        const { line } = lines.linePos(key.range?.[0] ?? 0);
        found.push(`  line ${line}: key ${JSON.stringify(key.value)} already set in map`);
      }
      keys.add(key.value);
    }
  });
  return found.length > 0 ? [`yaml: unmarshal errors:\n${found.join('\n')}`] : [];
}

/** Where the value of a field ends in JSON text, e.g. of `data.password`; undefined when it is not there. */
export function endOfField(text: string, field: string): number | undefined {
  let end: number | undefined;
  walk(text, (path, _repeated, valueEnd) => {
    if (path() === field) end = valueEnd;
  });
  return end;
}

interface Frame {
  /** The names of an object's fields so far; undefined for a list. */
  names?: Set<string>;
  name: string;
  repeated: boolean;
  index: number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gy;
const SPACE = /\s*/gy;

/**
 * Calls `visit` for every field of JSON text that has been parsed before. Without recursion, so that no depth of nesting
 * is too deep.
 */
function walk(text: string, visit: (path: () => string, repeated: boolean, end: number) => void): void {
  const frames: Frame[] = [];
  const path = () =>
    frames
      .map(({ names, name, index }) => (names ? `.${name}` : `[${index}]`))
      .join('')
      .slice(1);
  const closeField = (end: number) => {
    const frame = frames.at(-1);
    if (frame?.names) visit(path, frame.repeated, end);
  };
  let expectsName = false;
  let at = 0;
  while (at < text.length) {
    SPACE.lastIndex = at;
    SPACE.exec(text);
    TOKEN.lastIndex = SPACE.lastIndex;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return;
    at = TOKEN.lastIndex;
    const frame = frames.at(-1);
    if (token === '{' || token === '[') {
      expectsName = token === '{';
      frames.push({ ...(expectsName && { names: new Set<string>() }), name: '', repeated: false, index: 0 });
    } else if (token === '}' || token === ']') {
      frames.pop();
      closeField(at);
      expectsName = false;
    } else if (token === ',') {
      if (frame) frame.index += 1;
      expectsName = frame?.names !== undefined;
    } else if (token === ':') {
      expectsName = false;
    } else if (expectsName && frame?.names) {
      frame.name = JSON.parse(token);
      frame.repeated = frame.names.has(frame.name);
      frame.names.add(frame.name);
    } else closeField(at);
  }
}
