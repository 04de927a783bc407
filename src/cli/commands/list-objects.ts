import { formatTime, type Instant, type KubeObject, type ResourceType } from '../../api/index.ts';
import { ApiError, isGone, type KubeClient, type ListFilter } from '../../kube/index.ts';
import { type Context, printLine, warn } from '../context.ts';
import { messageOf } from '../errors.ts';
import { alignRows, columnWidths } from '../view/table.ts';

export interface ListOptions {
  name?: string;
  allNamespaces?: boolean;
  watch?: boolean;
  timestamps?: boolean;
}

/** How objects of a type are listed. */
export interface ListTable<T extends KubeObject> {
  type: ResourceType<T>;
  /** Names and least widths. */
  columns: readonly (readonly [string, number])[];
  row(object: T, now: Instant): string[];
  /** How many of the first cells tell of the object alone, not of the time. Default: all. */
  steadyCells?: number;
}

const TIMESTAMP = ['TIMESTAMP', 20] as const;
const NAMESPACE = ['NAMESPACE', 9] as const;

/** Lists objects as a table and, with `--watch`, adds a row whenever one of them changes its row. */
export async function list<T extends KubeObject>(
  table: ListTable<T>,
  options: ListOptions,
  context: Context,
): Promise<void> {
  const { client, namespace } = await context.cluster();
  const filter: ListFilter = {
    ...(!options.allNamespaces && { namespace }),
    ...(options.name && { fieldSelector: `metadata.name=${options.name}` }),
  };
  const signal = options.watch ? context.interrupted() : undefined;
  const { items, metadata } = await client.list(table.type, filter);
  if (items.length === 0 && !options.watch) {
    printLine(context.stderr, 'No resources found.');
    return;
  }
  const printer = new RowPrinter(table, options, context);
  printer.start(items);
  if (signal) await watchRows(client, table.type, filter, metadata.resourceVersion, printer, signal, context);
}

/** Prints rows in columns whose widths stay as the first table set them, unless a cell needs more. */
class RowPrinter<T extends KubeObject> {
  readonly #table: ListTable<T>;
  readonly #options: ListOptions;
  readonly #context: Context;
  /** The last row that was printed for an object. */
  readonly #printed = new Map<string, string>();
  #widths: number[] = [];

  constructor(table: ListTable<T>, options: ListOptions, context: Context) {
    this.#table = table;
    this.#options = options;
    this.#context = context;
  }

  start(objects: readonly T[]): void {
    const columns = [
      ...(this.#options.timestamps ? [TIMESTAMP] : []),
      ...(this.#options.allNamespaces ? [NAMESPACE] : []),
      ...this.#table.columns,
    ];
    const rows = [columns.map(([name]) => name), ...objects.map((object) => this.#row(object))];
    this.#widths = columnWidths(
      rows,
      columns.map(([, least]) => least),
    );
    this.#print(rows);
  }

  /** Prints the rows of those that look different from before. */
  add(objects: readonly T[]): void {
    const before = new Map(this.#printed);
    const changed = objects
      .map((object) => ({ key: keyOf(object), row: this.#row(object) }))
      .filter(({ key }) => before.get(key) !== this.#printed.get(key))
      .map(({ row }) => row);
    this.#widths = columnWidths(changed, this.#widths);
    this.#print(changed);
  }

  forget(object: T): void {
    this.#printed.delete(keyOf(object));
  }

  #row(object: T): string[] {
    const now = this.#context.clock();
    const cells = this.#table.row(object, now);
    this.#printed.set(keyOf(object), cells.slice(0, this.#table.steadyCells).join('\t'));
    return [
      ...(this.#options.timestamps ? [formatTime(now)] : []),
      ...(this.#options.allNamespaces ? [object.metadata?.namespace ?? ''] : []),
      ...cells,
    ];
  }

  #print(rows: readonly string[][]): void {
    for (const line of alignRows(rows, this.#widths)) printLine(this.#context.stdout, line);
  }
}

/** The 7th failure in a row to read again ends the watch. */
const MOST_FAILURES = 7;
const RETRY_MS = 1000;

/** Follows the changes; a broken watch is opened again, an expired one begins with a new list (CLI-057). */
async function watchRows<T extends KubeObject>(
  client: KubeClient,
  type: ResourceType<T>,
  filter: ListFilter,
  resourceVersion: string,
  printer: RowPrinter<T>,
  signal: AbortSignal,
  context: Context,
): Promise<void> {
  let version: string | undefined = resourceVersion;
  for (let failures = 0; !signal.aborted; ) {
    const opened = context.clock();
    try {
      if (version === undefined) {
        const { items, metadata } = await client.list(type, filter);
        printer.add(items);
        version = metadata.resourceVersion;
      }
      for await (const event of client.watch(type, { ...filter, resourceVersion: version, signal })) {
        failures = 0;
        version = event.object.metadata?.resourceVersion ?? version;
        if (event.type === 'DELETED') printer.forget(event.object);
        else if (event.type !== 'BOOKMARK') printer.add([event.object]);
      }
      // A server that ends each watch at once must not be asked without a pause.
      if (context.clock() - opened < RETRY_MS) await context.sleep(RETRY_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      if (isGone(error)) version = undefined;
      failures++;
      if (failures >= MOST_FAILURES) throw error;
      if (!isGone(error)) warn(context, `watching ${type.plural}: ${messageOf(error)}; trying again`);
      await context.sleep(RETRY_MS, signal);
    }
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}
