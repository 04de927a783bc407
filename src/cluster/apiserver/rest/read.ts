import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { goQuote } from '../go-quote.ts';
import {
  badRequest,
  expired,
  expiredContinue,
  invalid,
  notFound,
  StatusError,
  tooLargeResourceVersion,
} from '../status.ts';
import type { Entry } from '../store/index.ts';
import { decodeContinue, encodeContinue, NOW } from './continue.ts';
import { apiVersionOfKind, type Core, locate, type ObjectTarget, present, type Target } from './core.ts';
import { parseCount, wholeProblem } from './options.ts';
import { type Matches, parseSelectors } from './selectors.ts';

/** A list as it is answered. */
export interface ObjectList {
  kind: string;
  apiVersion: string;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: KubeObject[];
}

/** How long a read waits for a revision that has not happened yet. */
const FUTURE_WAIT_MS = 3000;
const FUTURE_POLL_MS = 50;

/** GET of one object. @throws StatusError 404, or 504 for a resourceVersion of the future */
export async function getObject(
  core: Core,
  target: ObjectTarget,
  query: URLSearchParams,
): Promise<KubeObject> {
  const { kind, name } = target;
  const version = parseVersion(query);
  if (version) await reached(core, version);
  const { resource, key } = locate(core, target);
  const entry = resource.get(key);
  if (!entry) throw notFound(kind, name);
  return present(kind, entry.object);
}

/** GET of a collection: selectors, pages over a snapshot, resourceVersion and resourceVersionMatch. */
export async function listObjects(core: Core, target: Target, query: URLSearchParams): Promise<ObjectList> {
  const { kind } = target;
  const limit = parseCount(query, 'limit') ?? 0;
  // A list never takes as long as this allows; it has to be a number all the same.
  parseCount(query, 'timeoutSeconds');
  const matches = parseSelectors(kind, query);
  const snapshot = await takeSnapshot(core, target, query);
  const { page, next, remaining } = cut(snapshot.entries, matches, limit);
  const items = page.map(({ object }) => present(kind, object));
  return {
    kind: kind.listKind,
    apiVersion: apiVersionOfKind(kind),
    metadata: {
      resourceVersion: String(snapshot.revision),
      ...(next !== undefined && { continue: encodeContinue({ revision: snapshot.revision, start: next }) }),
      // As in Kubernetes, not told where a selector makes it a guess.
      ...(next !== undefined && !matches && { remainingItemCount: remaining }),
    },
    items,
  };
}

interface Snapshot {
  revision: number;
  entries: Entry[];
}

async function takeSnapshot(core: Core, target: Target, query: URLSearchParams): Promise<Snapshot> {
  const resource = core.registry.resourceOf(target.kind);
  const token = query.get('continue');
  checkVersionOptions(query);
  if (token) {
    const { revision, start } = decodeContinue(token);
    if (parseListVersion(query)) {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    if (revision === NOW) {
      return { revision: core.store.revision, entries: resource.list(target.namespace, start) };
    }
    await reached(core, revision);
    const entries = resource.listAt(revision, target.namespace, start);
    if (!entries) throw expiredContinue(encodeContinue({ revision: NOW, start }));
    return { revision, entries };
  }
  const version = parseListVersion(query);
  if (version) await reached(core, version);
  if (version && query.get('resourceVersionMatch') === 'Exact') {
    const entries = resource.listAt(version, target.namespace);
    if (!entries) throw expired('The resourceVersion for the provided list is too old.');
    return { revision: version, entries };
  }
  return { revision: core.store.revision, entries: resource.list(target.namespace) };
}

function cut(entries: readonly Entry[], matches: Matches | undefined, limit: number) {
  const page: Entry[] = [];
  for (let i = 0; i < entries.length; i += 1) {
    const entry = entries[i]!;
    if (matches && !matches(entry.object)) continue;
    if (limit > 0 && page.length === limit) {
      return { page, next: `${page.at(-1)!.key}\0`, remaining: entries.length - i };
    }
    page.push(entry);
  }
  return { page, next: undefined, remaining: 0 };
}

const VERSION_MATCHES = ['Exact', 'NotOlderThan'];

function checkVersionOptions(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch');
  const version = query.get('resourceVersion');
  const errors: FieldError[] = [];
  if (match) errors.push(...matchErrors(query, match, version));
  if (query.has('sendInitialEvents')) {
    const detail = 'sendInitialEvents is forbidden for list';
    errors.push({ type: 'FieldValueForbidden', field: 'sendInitialEvents', detail });
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

function matchErrors(query: URLSearchParams, match: string, version: string | null): FieldError[] {
  const problem = (type: FieldError['type'], detail: string): FieldError => ({
    type,
    field: 'resourceVersionMatch',
    value: match,
    detail,
  });
  const errors: FieldError[] = [];
  if (query.get('continue')) {
    errors.push(
      problem('FieldValueForbidden', 'resourceVersionMatch is forbidden when continue is provided'),
    );
  } else if (!version) {
    errors.push(
      problem('FieldValueForbidden', 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
    );
  }
  if (!VERSION_MATCHES.includes(match)) {
    errors.push(problem('FieldValueNotSupported', 'supported values: "Exact", "NotOlderThan", ""'));
  }
  if (match === 'Exact' && version === '0') {
    errors.push(
      problem('FieldValueForbidden', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
    );
  }
  return errors;
}

/** The `resourceVersion` of a read; 0 when absent or `0`. @throws StatusError 500 when it is no number */
export function parseVersion(query: URLSearchParams): number {
  const text = query.get('resourceVersion') ?? '';
  const problem = versionProblem(text);
  // Kubernetes takes it for a fault of its own.
  if (problem) throw new StatusError(500, '', problem);
  return Number(text);
}

/** A list blames the client, unlike other reads. @throws StatusError 400 */
function parseListVersion(query: URLSearchParams): number {
  const text = query.get('resourceVersion') ?? '';
  const problem = versionProblem(text);
  if (problem) throw badRequest(`invalid resource version: ${problem}`);
  return Number(text);
}

function versionProblem(text: string): string | undefined {
  const problem = text === '' ? undefined : wholeProblem(text, 0n, 2n ** 64n - 1n);
  if (!problem) return undefined;
  const quoted = goQuote(text);
  return `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${problem}`;
}

/** Waits until a revision is there. @throws StatusError 504 when it does not come */
async function reached({ store }: Core, revision: number): Promise<void> {
  for (let waited = 0; store.revision < revision; waited += FUTURE_POLL_MS) {
    if (waited >= FUTURE_WAIT_MS) throw tooLargeResourceVersion(revision, store.revision);
    await new Promise((resolve) => setTimeout(resolve, FUTURE_POLL_MS));
  }
}
