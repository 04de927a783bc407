import type { Node } from 'kubernetes-types/core/v1.d.ts';
import { request } from 'undici';
import type { ApiContext } from '../http/context.ts';
import { agentAddress, agents } from '../subresources/agents.ts';
import type { Summary } from './usage.ts';

/** What was said last is good for this long: autoscalers of one moment ask the agents once. */
const FRESH_MS = 1000;
const TIMEOUT_MS = 5000;

export interface NodeSummary {
  node: Node;
  summary: Summary;
}

/** Asks the agents of all nodes what their pods use. Nodes that do not answer are left out, and named in the log. */
export class Summaries {
  readonly #context: ApiContext;
  #last: { at: number; answer: Promise<NodeSummary[]> } | undefined;

  constructor(context: ApiContext) {
    this.#context = context;
  }

  all(): Promise<NodeSummary[]> {
    const now = this.#context.clock();
    if (!this.#last || now - this.#last.at >= FRESH_MS || now < this.#last.at) {
      this.#last = { at: now, answer: this.#ask() };
    }
    return this.#last.answer;
  }

  async #ask(): Promise<NodeSummary[]> {
    const nodes = this.#context.store.resource('/nodes').list(undefined);
    const answers = await Promise.all(nodes.map(({ object }) => this.#askNode(object as Node)));
    return answers.filter((answer) => answer !== undefined);
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
      return { node, summary: (await body.json()) as Summary };
    } catch (error) {
      this.#context.log.warn({ err: error, node: name }, 'cannot learn what the pods of a node use');
      return undefined;
    }
  }
}
