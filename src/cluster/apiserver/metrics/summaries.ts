import type { Node } from 'kubernetes-types/core/v1.d.ts';
import { request } from 'undici';
import type { Instant } from '../../../api/index.ts';
import type { ApiContext } from '../http/context.ts';
import { agentAddress, agents } from '../subresources/agents.ts';
import type { PodStats, Summary } from './usage.ts';

/** What was said last is good for this share of the time over which it was measured, so that many autoscalers ask once. */
const FRESH_SHARE = 0.25;
const FRESH_AT_MOST_MS = 5000;
const FRESH_AT_LEAST_MS = 250;
const TIMEOUT_MS = 5000;

interface NodeSummary {
  node: Node;
  summary: Summary;
}

/** What all agents said at one time. */
export interface Answers {
  nodes: readonly NodeSummary[];
  /** What is said of pods, by their namespaces. */
  pods: ReadonlyMap<string, readonly PodStats[]>;
}

/** Asks the agents of all nodes what their pods use. Nodes that do not answer are left out, and named once in the log. */
export class Summaries {
  readonly #context: ApiContext;
  #last: { at: Instant; answers: Promise<Answers> } | undefined;
  #freshMs = 0;
  readonly #silent = new Set<string>();

  constructor(context: ApiContext) {
    this.#context = context;
  }

  all(): Promise<Answers> {
    const now = this.#context.clock();
    const age = this.#last ? now - this.#last.at : Number.POSITIVE_INFINITY;
    if (!this.#last || age < 0 || age >= this.#freshMs) this.#last = { at: now, answers: this.#ask() };
    return this.#last.answers;
  }

  async #ask(): Promise<Answers> {
    // Who asks while the answer is under way shares it.
    this.#freshMs = TIMEOUT_MS;
    const known = this.#context.store.resource('/nodes').list(undefined);
    const asked = await Promise.all(known.map(({ object }) => this.#askNode(object as Node)));
    const nodes = asked.filter((answer) => answer !== undefined);
    const windows = nodes.map(({ summary }) => summary.node?.cpu?.windowMilliseconds ?? 0);
    const share = windows.length > 0 ? FRESH_SHARE * Math.min(...windows) : 0;
    this.#freshMs = Math.max(FRESH_AT_LEAST_MS, Math.min(FRESH_AT_MOST_MS, share));
    const pods = nodes.flatMap(({ summary }) => summary.pods ?? []);
    return { nodes, pods: Map.groupBy(pods, ({ podRef }) => podRef.namespace) };
  }

  async #askNode(node: Node): Promise<NodeSummary | undefined> {
    const { name = '' } = node.metadata ?? {};
    try {
      const { statusCode, body } = await request(`${agentAddress(this.#context, name)}/stats/summary`, {
        headers: { authorization: `Bearer ${this.#context.nodeToken}` },
        dispatcher: agents,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (statusCode !== 200) throw new Error(`the agent answered ${statusCode}: ${await body.text()}`);
      const summary = (await body.json()) as Summary;
      this.#silent.delete(name);
      return { node, summary };
    } catch (error) {
      if (!this.#silent.has(name)) {
        this.#context.log.warn({ err: error, node: name }, 'cannot learn what the pods of a node use');
      }
      this.#silent.add(name);
      return undefined;
    }
  }
}
