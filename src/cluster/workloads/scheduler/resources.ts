import type { Container, Node, Pod } from 'kubernetes-types/core/v1.d.ts';
import { parseQuantity } from '../../../api/index.ts';

/** What pods ask for, and what of it a node has left. */

/** Amounts by resource: `cpu` in cores, `memory` in bytes … */
type Amounts = Record<string, number>;

const known = new WeakMap<Pod, Amounts>();

/** What a pod asks for: its containers together, or the one init container that needs more than these. */
function requestsOf(pod: Pod): Amounts {
  let requests = known.get(pod);
  if (!requests) {
    requests = computeRequests(pod);
    known.set(pod, requests);
  }
  return requests;
}

function computeRequests({ spec }: Pod): Amounts {
  const result: Amounts = {};
  for (const container of spec?.containers ?? []) add(result, requestedBy(container));
  // Sidecars run beside all that starts after them; other init containers run alone.
  const sidecars: Amounts = {};
  const peak: Amounts = {};
  for (const container of spec?.initContainers ?? []) {
    const amounts = requestedBy(container);
    if (container.restartPolicy === 'Always') add(sidecars, amounts);
    else
      for (const [name, amount] of Object.entries(amounts)) raise(peak, name, amount + (sidecars[name] ?? 0));
  }
  add(result, sidecars);
  for (const [name, amount] of Object.entries(peak)) raise(result, name, amount);
  add(result, parse(spec?.overhead));
  return result;
}

/** What has only a limit asks for as much. */
const requestedBy = ({ resources }: Container): Amounts =>
  parse({ ...resources?.limits, ...resources?.requests });

function parse(list: Record<string, string> | undefined): Amounts {
  return Object.fromEntries(
    Object.entries(list ?? {}).map(([name, amount]) => [name, parseQuantity(String(amount)) ?? 0]),
  );
}

function add(to: Amounts, amounts: Amounts): void {
  for (const [name, amount] of Object.entries(amounts)) to[name] = (to[name] ?? 0) + amount;
}

function raise(in_: Amounts, name: string, amount: number): void {
  in_[name] = Math.max(in_[name] ?? 0, amount);
}

/** What a node lacks for a pod, in the scheduler's words. A node that does not say what it has is not asked. */
export function shortages(pod: Pod, node: Node, others: readonly Pod[]): string[] {
  const { allocatable } = node.status ?? {};
  if (!allocatable) return [];
  const has = parse(allocatable);
  const lacking: string[] = [];
  if (has.pods !== undefined && others.length + 1 > has.pods) lacking.push('Too many pods');
  const wanted = Object.entries(requestsOf(pod)).filter(([, amount]) => amount > 0);
  if (wanted.length === 0) return lacking;
  const used: Amounts = {};
  for (const other of others) add(used, requestsOf(other));
  for (const [name, amount] of wanted) {
    // Sums of fractions such as 0.1 are a hair off.
    if ((used[name] ?? 0) + amount > (has[name] ?? 0) * (1 + 1e-12)) lacking.push(`Insufficient ${name}`);
  }
  return lacking;
}

/** Whether a port of the machine that the pod wants is another's. */
export function portsTaken(pod: Pod, others: readonly Pod[]): boolean {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return false;
  return others
    .flatMap(hostPorts)
    .some((taken) =>
      wanted.some(
        (port) =>
          port.port === taken.port &&
          port.protocol === taken.protocol &&
          (port.ip === taken.ip || port.ip === ANY || taken.ip === ANY),
      ),
    );
}

const ANY = '0.0.0.0';

const hostPorts = ({ spec }: Pod) =>
  (spec?.containers ?? []).flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, protocol = 'TCP', hostIP }) =>
      hostPort ? [{ port: hostPort, protocol, ip: hostIP || ANY }] : [],
    ),
  );
